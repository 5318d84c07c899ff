/** A world in which nothing is wrong, for tests to break one thing of. */
import { DEFAULT_BOUNDS } from '../bounds.ts';
import { FRESH, type Progress, type RunState } from '../stage.ts';
import type { WatchLimits, WatchMemory } from './condition.ts';
import { freshMemory, judge, type Judgement } from './judge.ts';
import type { Observation, WatchedRun } from './observation.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** When everything was last seen well. */
export const NOW = Date.UTC(2026, 10, 28, 12);

export const LIMITS: WatchLimits = {
  unseenMs: 3 * MINUTE,
  marginMs: 10 * MINUTE,
  actMs: 15 * MINUTE,
  slotMs: 2 * HOUR,
  baseRedMs: 4 * HOUR,
  pauseMs: 24 * HOUR,
  approvalMs: 24 * HOUR,
  frozenMs: 24 * HOUR,
  killSwitchMs: HOUR,
  capMs: 24 * HOUR,
  queueMs: 15 * MINUTE,
  diskFreeBytes: 1024 ** 3,
};

export const WELL: Observation = {
  runs: [],
  lanes: [{ repo: 'shop-1', repoName: 'acme/shop', waiting: 0, unreadable: null }],
  workers: [{ name: 'one', at: NOW, stopped: false }],
  checkouts: [],
  poller: { at: NOW, everyMs: 30_000 },
  temporal: { ok: true, stuck: [], gone: [] },
  killSwitch: { on: false, by: 'ada', holds: 0 },
  caps: [],
  disk: { freeBytes: 50 * 1024 ** 3, place: '/data' },
};

export function watched(state: RunState, over: Partial<WatchedRun> = {}): WatchedRun {
  return {
    id: 'r',
    repo: 'shop-1',
    repoName: 'acme/shop',
    issue: 7,
    state,
    bounds: DEFAULT_BOUNDS,
    stageAt: NOW,
    progressAt: NOW,
    mainRedSince: null,
    slotSince: null,
    unread: [],
    checksMs: 2 * MINUTE,
    deployMs: 5 * MINUTE,
    ...over,
  };
}

export function progress(over: Partial<Progress> = {}): Progress {
  return { ...FRESH.progress, base: 'base', ...over };
}

/** Every part goes on being seen, but for what `seen` says; looks at each minute from NOW on, as the loop does. */
export function watchFor(
  ms: number,
  seenAt: (now: number) => Partial<Observation>,
  memory: WatchMemory = freshMemory(NOW),
): Judgement {
  let last: Judgement | null = null;
  for (let now = NOW; now <= NOW + ms; now += MINUTE) {
    const alive = { workers: [{ name: 'one', at: now, stopped: false }], poller: { at: now, everyMs: 30_000 } };
    last = judge({ ...WELL, ...alive, ...seenAt(now) }, LIMITS, last?.memory ?? memory, now);
  }
  if (last === null) throw new Error('nobody looked');
  return last;
}
