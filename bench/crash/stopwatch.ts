/** How long calls of ports are under way, told by the crash points before and after them. Times in seconds. */
import type { CrashPoint } from '../../activities/effects/crash-point.ts';

export interface Stopwatch {
  readonly pass: CrashPoint;
  restart(): void;
  elapsed(): number;
  /** By name. Calls of one name that overlap count once. */
  busy(): Readonly<Record<string, number>>;
  /** While any of them was under way. */
  anyBusy(): number;
  /** When the first of that name began. */
  firstAt(name: string): number | null;
}

export function createStopwatch(ports: Readonly<Record<string, string>>): Stopwatch {
  const ANY = '';
  let begunAt = performance.now();
  const sums = new Map<string, number>();
  const open = new Map<string, { calls: number; since: number }>();
  const first = new Map<string, number>();
  const seconds = (): number => (performance.now() - begunAt) / 1_000;

  function begin(name: string): void {
    const one = open.get(name) ?? { calls: 0, since: 0 };
    if (one.calls === 0) one.since = seconds();
    one.calls += 1;
    open.set(name, one);
  }

  function end(name: string): void {
    const one = open.get(name);
    if (one === undefined) return;
    one.calls -= 1;
    if (one.calls === 0) sums.set(name, (sums.get(name) ?? 0) + seconds() - one.since);
  }

  return {
    pass(point) {
      for (const [name, port] of Object.entries(ports)) {
        if (point === `${port}.before`) {
          if (!first.has(name)) first.set(name, seconds());
          for (const one of [name, ANY]) begin(one);
        }
        if (point === `${port}.after`) for (const one of [name, ANY]) end(one);
      }
    },
    restart() {
      begunAt = performance.now();
      for (const map of [sums, open, first]) map.clear();
    },
    elapsed: seconds,
    busy: () => Object.fromEntries([...sums].filter(([name]) => name !== ANY)),
    anyBusy: () => sums.get(ANY) ?? 0,
    firstAt: (name) => first.get(name) ?? null,
  };
}
