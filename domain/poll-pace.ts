/** How long a tracker is left alone after a look at it: the breaker of one repo, which holds no other up. */

/** A broken tracker is looked at more and more rarely, and never more rarely than this: whoever mends it does not wait for long. */
const LONGEST_MS = 5 * 60_000;
/** So that a thousand repos that began together do not go on together. */
const SPREAD = 0.1;

export interface Look {
  readonly everyMs: number;
  /** Looks in a row that failed, this one among them; 0 where it was answered. */
  readonly failures: number;
  /** When the tracker's limit lets us ask again, in epoch milliseconds; null where it lets us ask now. */
  readonly limitedUntil: number | null;
  readonly now: number;
  /** From 0 to 1. */
  readonly chance: number;
}

export function pauseMs({ everyMs, failures, limitedUntil, now, chance }: Look): number {
  const patient = failures === 0 ? everyMs : Math.max(everyMs, Math.min(LONGEST_MS, everyMs * 2 ** failures));
  const spread = patient * (1 + SPREAD * (2 * chance - 1));
  return Math.max(spread, (limitedUntil ?? now) - now);
}
