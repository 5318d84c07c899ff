/**
 * Repeats without progress. A turn is one when all that it did came to what it had come to before, in a work folder that stands as it has
 * stood before: one call over and over, or two or three in turn. A result that differs or a file that changed is progress.
 */

export interface Did {
  /** For people: the call, such as `bash {"command":"make"}`. */
  readonly call: string;
  /** The same for the same call with the same result, and for nothing else. */
  readonly key: string;
  readonly failed: boolean;
}

/** One turn. */
export interface Step {
  readonly did: readonly Did[];
  /** What the work folder held after it; null where nobody looked. */
  readonly place: string | null;
}

export interface Repeats {
  /** Turns in a row, up to the newest, that brought nothing. */
  readonly turns: number;
  /** What was done most often among them, and how often in all. */
  readonly call: string;
  readonly times: number;
  readonly failed: boolean;
}

export type RepeatsDue = 'nothing' | 'warning' | 'end';

/** What fails alike needs no patience; what succeeds may be waiting for something. */
const WARN_AFTER = { failed: 2, other: 8 } as const;
const END_AFTER = { failed: 8, other: 30 } as const;

/** Null when the newest turn brought something. */
export function repeatsOf(steps: readonly Step[]): Repeats | null {
  const times = new Map<string, number>();
  const places = new Set<string>();
  let run: Step[] = [];
  for (const step of steps) {
    const isRepeat = step.did.length > 0 && step.did.every(({ key }) => times.has(key));
    for (const { key } of step.did) times.set(key, (times.get(key) ?? 0) + 1);
    const isMoved = step.place !== null && !places.has(step.place);
    // The first look at the place has nothing to be compared with.
    if (!isRepeat || (isMoved && places.size > 0)) run = [];
    if (!isRepeat) places.clear();
    else {
      run.push(step);
      if (step.place !== null) places.add(step.place);
    }
  }
  const did = run.flatMap((step) => step.did);
  const most = did.toSorted((one, other) => (times.get(other.key) ?? 0) - (times.get(one.key) ?? 0))[0];
  if (most === undefined) return null;
  return {
    turns: run.length,
    call: most.call,
    times: times.get(most.key) ?? 0,
    failed: did.some(({ failed }) => failed),
  };
}

/** A warning is due once, at the turn at which its bound is met. */
export function repeatsDue({ turns, failed }: Repeats): RepeatsDue {
  const kind = failed ? 'failed' : 'other';
  if (turns >= END_AFTER[kind]) return 'end';
  return turns === WARN_AFTER[kind] ? 'warning' : 'nothing';
}

export function repeatsInWords({ call, times }: Repeats): string {
  return `${call} was done ${times} times, each with the same result and the work folder as it was`;
}
