/** What keeps an open run from getting on just now, though it is tried again by itself: for those who look and wonder. */
export interface Trouble {
  /** As the failure says it, without secrets. */
  readonly why: string;
  /** Epoch milliseconds of the first and of the newest failure in a row. */
  readonly since: number;
  readonly at: number;
  readonly times: number;
}

export function withTrouble(before: Trouble | null, why: string, at: number): Trouble {
  return { why, since: before?.since ?? at, at, times: (before?.times ?? 0) + 1 };
}

/** Null when the run has moved since: what troubled it is behind it. `movedAt`: epoch milliseconds of its newest transition. */
export function troubleInWords(trouble: Trouble | null, movedAt: number): string | null {
  if (trouble === null || trouble.at < movedAt) return null;
  const seconds = Math.round((trouble.at - trouble.since) / 1000);
  const often = trouble.times === 1 ? 'once' : `${trouble.times} times in ${seconds} s`;
  return `does not get on: ${trouble.why} (tried ${often}, and again by itself)`;
}
