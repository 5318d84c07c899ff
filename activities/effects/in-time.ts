import { setTimeout as delay } from 'node:timers/promises';
import { Outage } from '../../domain/outage.ts';

/** What the world answers, or an outage in the given words when it has not by then; what it still does goes on unheard. */
export async function inTime<T>(answer: Promise<T>, ms: number, late: string): Promise<T> {
  const over = new AbortController();
  const lateness = delay(ms, undefined, { signal: over.signal }).then(() => {
    throw new Outage(late);
  });
  // Aborted, or lost against the answer: either way nobody's failure.
  lateness.catch(() => undefined);
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, lateness]);
  } finally {
    over.abort();
  }
}
