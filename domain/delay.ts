/** How long a server that turned us away wants to be left alone, bounded: what it says is a stranger's word. Milliseconds. */

/** Sooner is no waiting; later and a mistake of the server's would hold a run for days. A server that is asked too early says so again. */
export const LEAST_DELAY_MS = 1_000;
export const MOST_DELAY_MS = 10 * 60_000;

/** Every delay that is honoured goes through here, our own as well. */
export function boundedDelay(ms: number): number {
  if (Number.isNaN(ms)) return LEAST_DELAY_MS;
  return Math.min(Math.max(Math.round(ms), LEAST_DELAY_MS), MOST_DELAY_MS);
}

/** `afterMs`, `after`: the headers retry-after-ms and retry-after, the latter in seconds or as a date. Null where neither says anything. */
export function askedDelay(
  { afterMs, after }: { readonly afterMs: string | null; readonly after: string | null },
  now: number,
): number | null {
  const ms = numberIn(afterMs);
  if (ms !== null) return boundedDelay(ms);
  const seconds = numberIn(after);
  if (seconds !== null) return boundedDelay(seconds * 1_000);
  const date = after === null ? Number.NaN : Date.parse(after);
  return Number.isNaN(date) ? null : boundedDelay(date - now);
}

function numberIn(text: string | null): number | null {
  if (text === null || !/^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i.test(text)) return null;
  return Number(text);
}
