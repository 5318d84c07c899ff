/**
 * The one loop that brings calls for a person from their rows to people. Who calls writes a row and goes on: a channel that is dead, or
 * that never answers, holds no run, no other call and no look of the watchdog. A call that failed is tried again until it got through.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { EscalationRow, Store } from '../../store/port.ts';
import { deliverEscalation, type DeliverDeps } from './deliver.ts';

export interface PostDeps extends Omit<DeliverDeps, 'store'> {
  readonly store: { readonly escalations: Pick<Store['escalations'], 'list' | 'delivered'> };
  /** One line for the log of the process. */
  readonly say: (line: string) => void;
}

export interface Post {
  /** Starts each delivery that is due; resolves when those have come to an end. Rejects where the store can't be read. */
  pass(): Promise<void>;
  /** Passes until it is stopped. */
  start(): void;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
/** After a failure; twice as long after each further one. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** What is under way at the end is given this long; what did not get through is found by the next process. */
const STOP_MS = 2_000;

interface Failed {
  readonly times: number;
  /** Epoch milliseconds. */
  readonly nextAt: number;
}

export function createPost(deps: PostDeps): Post {
  const { store, now } = deps;
  const underWay = new Map<string, Promise<void>>();
  const failed = new Map<string, Failed>();
  const stopping = new AbortController();
  let unreadable = false;
  let loop: Promise<void> = Promise.resolve();

  async function deliver(row: EscalationRow): Promise<void> {
    try {
      await deliverEscalation(deps, row);
      failed.delete(row.key);
    } catch (error) {
      const times = (failed.get(row.key)?.times ?? 0) + 1;
      failed.set(row.key, { times, nextAt: now() + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (times - 1)) });
      deps.say(`escalation ${row.key} could not be delivered, and is tried again: ${messageOf(error)}`);
    } finally {
      underWay.delete(row.key);
    }
  }

  /** Answers with when what it began is over. */
  async function begin(): Promise<{ readonly over: Promise<unknown> }> {
    const undelivered = await store.escalations.list({ undelivered: true });
    const due = undelivered.filter(({ key }) => !underWay.has(key) && (failed.get(key)?.nextAt ?? 0) <= now());
    const begun = due.map((row) => {
      const delivery = deliver(row);
      underWay.set(row.key, delivery);
      return delivery;
    });
    return { over: Promise.all(begun) };
  }

  async function look(): Promise<void> {
    try {
      // Not waited for: a channel that hangs is not to keep the next call back.
      await begin();
      unreadable = false;
    } catch (error) {
      if (!unreadable) deps.say(`calls for a person cannot be read, and are looked for again: ${messageOf(error)}`);
      unreadable = true;
    }
  }

  return {
    async pass() {
      await (
        await begin()
      ).over;
    },
    start() {
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await look();
          // Rejects only when it is stopped, which the loop's condition sees.
          await delay(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
        }
      })();
    },
    async stop() {
      stopping.abort();
      const ends = Promise.all([loop, ...underWay.values()]);
      await Promise.race([ends, delay(STOP_MS, undefined, { ref: false })]);
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
