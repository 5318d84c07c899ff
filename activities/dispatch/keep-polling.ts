/**
 * The trackers looked at for long, each on a clock of its own: one that hangs, fails or has a limit is left alone for a while, and holds
 * no other up. What is remembered here may be lost at any time: the next process begins with a look at each.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RepoConfig } from '../../config/types.ts';
import { pauseMs } from '../../domain/poll-pace.ts';
import type { Beat } from '../pace/heartbeat.ts';
import { pollRepo, sayPolled, type PollDeps } from './poll.ts';

export interface KeepPollingDeps extends PollDeps {
  readonly pollSeconds: number;
  /** The worker is being stopped: the shift ends at once, and the next one is whoever's serves then. */
  readonly stopping: AbortSignal;
}

/** Then the workflow asks anew: a row of Temporal Web is a shift and not a month. */
const SHIFT_MS = 8 * 60 * 60_000;
/** Between the first looks at two repos. */
const APART_MS = 20;

/** Ends at the end of its shift, when its worker stops, or when it is told to; fails when the store does. */
export async function keepPolling(deps: KeepPollingDeps, { signal }: Pick<Beat, 'signal'>): Promise<void> {
  const failing = new AbortController();
  const over = AbortSignal.any([signal, deps.stopping, failing.signal, AbortSignal.timeout(SHIFT_MS)]);
  const held = new Map<string, number>();
  const clocks = [
    ...deps.repos.map((repo, index) => pollOnItsClock(deps, repo, { held, over, firstMs: index * APART_MS })),
    sayThatItPolls(deps, { held, over }),
  ];
  try {
    await Promise.all(clocks);
  } finally {
    failing.abort();
    await Promise.allSettled(clocks);
  }
}

interface Clock {
  /** How many releases of each repo nothing but the kill switch holds back. */
  readonly held: Map<string, number>;
  readonly over: AbortSignal;
}

async function pollOnItsClock(
  deps: KeepPollingDeps,
  repo: RepoConfig,
  { held, over, firstMs }: Clock & { readonly firstMs: number },
): Promise<void> {
  let failures = 0;
  for (let waitMs = firstMs; await passes(waitMs, over);) {
    const polled = await unlessOver(pollRepo(deps, repo), over);
    if (polled === null) return;
    held.set(repo.key, polled.held);
    failures = polled.failed ? failures + 1 : 0;
    const left = deps.issuesOf(repo.key).left();
    waitMs = pauseMs({
      everyMs: deps.pollSeconds * 1_000,
      failures,
      limitedUntil: left !== null && left.requests === 0 ? left.renewsAt : null,
      now: deps.now(),
      chance: Math.random(),
    });
  }
}

/** For the watchdog. Apart from the looks: none is waited for. */
async function sayThatItPolls(deps: KeepPollingDeps, { held, over }: Clock): Promise<void> {
  for (let waitMs = deps.repos.length * APART_MS; await passes(waitMs, over); waitMs = deps.pollSeconds * 1_000) {
    await sayPolled(
      deps,
      [...held.values()].map((one) => ({ held: one })),
    );
  }
}

/** Null when it is over before: a tracker that hangs does not keep a process from its end, and half a look does no harm. */
async function unlessOver<T>(work: Promise<T>, over: AbortSignal): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const end = (): void => resolve(null);
  over.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    over.removeEventListener('abort', end);
  }
}

/** False when it is over before. */
async function passes(ms: number, over: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal: over });
  } catch (error) {
    if (!over.aborted) throw error;
  }
  return !over.aborted;
}
