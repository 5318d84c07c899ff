/** What wakes event streams: one look at the table, and at a slower pace one at what no event tells, for all streams of this process. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Events } from '../../store/port.ts';

/** What open pages show and no event tells, in short: other words where it is other. */
export interface Standing {
  readonly overview: string;
  readonly run: string;
}

export interface Known {
  readonly seq: number;
  /** How the reader last saw what its page shows; absent where only events are wanted. */
  readonly standing?: { readonly of: keyof Standing; readonly seen: string };
}

export interface News {
  readonly latest: number;
  /** Null where there was no look at it just now. */
  readonly standing: Standing | null;
}

export interface EventTail {
  /** Resolves as soon as there is more than the reader knows; rejects when the signal says stop or the store fails. */
  beyond(known: Known, signal: AbortSignal): Promise<News>;
}

export interface TailDeps {
  readonly events: Pick<Events, 'last'>;
  readonly everyMs: number;
  readonly standing: () => Promise<Standing>;
  readonly standingEveryMs: number;
}

interface Waiter {
  readonly known: Known;
  readonly resolve: (news: News) => void;
  readonly reject: (reason: unknown) => void;
}

/** The writers are other processes, which can't wake this one; parts that are down write nothing. */
export function createEventTail(deps: TailDeps): EventTail {
  const waiting = new Set<Waiter>();
  let looking = false;
  let lookedAt = -Infinity;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      while (waiting.size > 0) {
        const news = { latest: await deps.events.last(), standing: await standing() };
        for (const waiter of waiting) if (isNews(waiter.known, news)) waiter.resolve(news);
        if (waiting.size > 0) await delay(deps.everyMs);
      }
    } catch (error) {
      for (const waiter of waiting) waiter.reject(error);
    } finally {
      looking = false;
    }
  }

  async function standing(): Promise<Standing | null> {
    const asked = [...waiting].some(({ known }) => known.standing !== undefined);
    if (!asked || performance.now() - lookedAt < deps.standingEveryMs) return null;
    lookedAt = performance.now();
    return deps.standing();
  }

  return {
    async beyond(known, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<News>();
      const waiter: Waiter = {
        known,
        resolve: (news) => {
          waiting.delete(waiter);
          resolve(news);
        },
        reject: (reason) => {
          waiting.delete(waiter);
          reject(reason);
        },
      };
      const stop = (): void => waiter.reject(signal.reason);
      if (signal.aborted) throw signal.reason;
      signal.addEventListener('abort', stop, { once: true });
      waiting.add(waiter);
      void look();
      try {
        return await promise;
      } finally {
        signal.removeEventListener('abort', stop);
      }
    },
  };
}

function isNews({ seq, standing }: Known, news: News): boolean {
  if (news.latest > seq) return true;
  return standing !== undefined && news.standing !== null && news.standing[standing.of] !== standing.seen;
}
