import { describe, expect, it } from 'vitest';
import type { CapStanding } from '../caps.ts';
import { FRESH, type RunState } from '../stage.ts';
import { HOUR, LIMITS, MINUTE, NOW, progress, watched, watchFor, WELL } from './rig.ts';
import { freshMemory, judge, type Judgement } from './judge.ts';
import type { Observation } from './observation.ts';

const BRIEF = { kind: 'implement' } as const;
const PAUSED = { by: 'ada', note: 'act 1', since: NOW };
const RED_BUILD = { sha: 's', stage: 'build', reason: 'red' };

const topics = ({ findings }: Judgement): string[] => findings.map((one) => one.topic);

const states: readonly {
  readonly name: string;
  readonly state: RunState;
  readonly topic: string;
  readonly limit: number;
}[] = [
  { name: 'in triage', state: FRESH, topic: 'run-silent', limit: 40 * MINUTE },
  {
    name: 'in prepare, by the time limits of its checks',
    state: { stage: 'prepare', progress: progress(), redBase: null, waiting: false },
    topic: 'run-silent',
    limit: 22 * MINUTE,
  },
  {
    name: 'in a session',
    state: { stage: 'implement', progress: progress(), brief: BRIEF },
    topic: 'run-silent',
    limit: 40 * MINUTE,
  },
  {
    name: 'in verify, by the time limits of its checks',
    state: { stage: 'verify', progress: progress(), head: 'h', redBase: null },
    topic: 'run-silent',
    limit: 22 * MINUTE,
  },
  {
    name: 'at the push',
    state: { stage: 'push', progress: progress(), head: 'h', mergeWith: null },
    topic: 'run-silent',
    limit: 70 * MINUTE,
  },
  {
    name: 'merging',
    state: { stage: 'push', progress: progress({ races: 1 }), head: 'h', mergeWith: 'm' },
    topic: 'run-silent',
    limit: 40 * MINUTE,
  },
  {
    name: 'after lost races, which it lets pass',
    state: { stage: 'push', progress: progress({ races: 4 }), head: 'h', mergeWith: 'm' },
    topic: 'run-silent',
    limit: 50 * MINUTE,
  },
  {
    name: 'in watch, by its time limit and that of the deploy',
    state: { stage: 'watch', progress: progress({ pushed: 's' }), sha: 's' },
    topic: 'run-silent',
    limit: 75 * MINUTE,
  },
  {
    name: 'whose red is being judged',
    state: {
      stage: 'fix',
      progress: progress({ pushed: 's', firstRedAt: NOW }),
      sha: 's',
      brief: null,
      redMain: null,
      told: false,
      asked: null,
    },
    topic: 'run-silent',
    limit: 87 * MINUTE,
  },
  {
    name: 'in a session of fixing forward',
    state: {
      stage: 'fix',
      progress: progress({ pushed: 's', firstRedAt: NOW }),
      sha: 's',
      brief: { kind: 'deploy-red', red: RED_BUILD, main: null },
      redMain: null,
      told: false,
      asked: null,
    },
    topic: 'run-silent',
    limit: 40 * MINUTE,
  },
  {
    name: 'whose head a person called resolved',
    state: {
      stage: 'frozen',
      progress: progress({ pushed: 's' }),
      sha: 's',
      since: NOW,
      reason: 'red',
      proving: { by: 'ada', note: 'act 1', reverted: false },
    },
    topic: 'run-silent',
    limit: 75 * MINUTE,
  },
];

const waits: readonly {
  readonly name: string;
  readonly state: RunState;
  readonly topic: string;
  readonly limit: number;
}[] = [
  {
    name: 'for a red main before its session',
    state: { stage: 'prepare', progress: progress(), redBase: 'm', waiting: true },
    topic: 'base-red',
    limit: 4 * HOUR,
  },
  {
    name: 'for a red main before its push',
    state: { stage: 'verify', progress: progress(), head: 'h', redBase: 'm' },
    topic: 'base-red',
    limit: 4 * HOUR,
  },
  {
    name: 'for a red main in fix, past the time for it',
    state: {
      stage: 'fix',
      progress: progress({ pushed: 's', firstRedAt: NOW }),
      sha: 's',
      brief: null,
      redMain: 'm',
      told: true,
      asked: null,
    },
    topic: 'overdue',
    limit: 70 * MINUTE,
  },
  {
    name: 'for an approval',
    state: { stage: 'awaiting-approval', progress: progress({ ask: true }), head: 'h', since: NOW },
    topic: 'approval',
    limit: 24 * HOUR,
  },
  {
    name: 'for a resume',
    state: { stage: 'implement', progress: progress({ pause: PAUSED }), brief: BRIEF },
    topic: 'paused',
    limit: 24 * HOUR,
  },
  {
    name: 'for an unfreeze',
    state: { stage: 'frozen', progress: progress({ pushed: 's' }), sha: 's', since: NOW, reason: 'red', proving: null },
    topic: 'frozen',
    limit: 24 * HOUR,
  },
];

describe('an open run (invariant 10)', () => {
  it.each(states)('silent $name is noticed at its limit, not before', ({ state, topic, limit }) => {
    const seen = (): Partial<Observation> => ({ runs: [watched(state)] });
    expect(topics(watchFor(limit - MINUTE, seen))).toEqual([]);
    expect(topics(watchFor(limit, seen))).toEqual([topic]);
  });

  it.each(states)('that shows something $name is left alone, however long it takes', ({ state }) => {
    expect(topics(watchFor(6 * HOUR, (now) => ({ runs: [watched(state, { progressAt: now - MINUTE })] })))).toEqual([]);
  });

  it.each(waits)('that waits $name calls at the deadline, not before', ({ state, topic, limit }) => {
    const seen = (): Partial<Observation> => ({ runs: [watched(state)] });
    expect(topics(watchFor(limit - MINUTE, seen))).toEqual([]);
    expect(topics(watchFor(limit, seen))).toEqual([topic]);
  });

  it('that waits for a slot calls at the deadline, and is not taken for silent', () => {
    const state: RunState = { stage: 'prepare', progress: progress(), redBase: null, waiting: false };
    const seen = (): Partial<Observation> => ({ runs: [watched(state, { slotSince: NOW })] });
    expect(topics(watchFor(2 * HOUR - MINUTE, seen))).toEqual([]);
    expect(topics(watchFor(2 * HOUR, seen))).toEqual(['no-slot']);
  });

  it('that was held has its whole time again when the hold is over', () => {
    const runs = [watched({ stage: 'implement', progress: progress(), brief: BRIEF })];
    const seen = (now: number): Partial<Observation> => ({
      runs,
      killSwitch: { on: now < NOW + 50 * MINUTE, by: 'ada', holds: 0 },
    });
    expect(topics(watchFor(88 * MINUTE, seen))).toEqual([]);
    expect(topics(watchFor(89 * MINUTE, seen))).toEqual(['run-silent']);
  });

  it('without a workflow is called vanished, under the key that its lane uses', () => {
    const seen = (): Partial<Observation> => ({
      runs: [watched(FRESH)],
      temporal: { ok: true, stuck: [], gone: ['r'] },
    });
    expect(topics(watchFor(2 * MINUTE, seen))).toEqual([]);
    expect(watchFor(3 * MINUTE, seen).findings).toMatchObject([{ topic: 'vanished', escalation: 'vanished/r' }]);
  });

  it.each([
    ['cancel', false, 15],
    ['steer', true, null],
  ])('in watch whose %s nobody takes: called %s after %s minutes', (kind, forSession, minutes) => {
    const unread = [{ id: 'a', kind, forSession, urgent: !forSession, at: NOW }];
    const state: RunState = { stage: 'watch', progress: progress({ pushed: 's' }), sha: 's' };
    const seen = (now: number): Partial<Observation> => ({ runs: [watched(state, { unread, progressAt: now })] });
    if (minutes === null) return expect(topics(watchFor(5 * HOUR, seen))).toEqual([]);
    expect(topics(watchFor((minutes - 1) * MINUTE, seen))).toEqual([]);
    return expect(topics(watchFor(minutes * MINUTE, seen))).toEqual(['act-unread']);
  });

  it.each([
    ['steer', 45],
    ['pause', 45],
    ['cancel', 15],
  ])('in a session whose %s nobody takes is noticed after %s minutes', (kind, minutes) => {
    const unread = [{ id: 'a', kind, forSession: kind === 'steer', urgent: kind === 'cancel', at: NOW }];
    const state: RunState = { stage: 'implement', progress: progress(), brief: BRIEF };
    const seen = (now: number): Partial<Observation> => ({ runs: [watched(state, { unread, progressAt: now })] });
    expect(topics(watchFor((minutes - 1) * MINUTE, seen))).toEqual([]);
    expect(topics(watchFor(minutes * MINUTE, seen))).toEqual(['act-unread']);
  });

  it('says of an act that nobody takes since when, where the run stays, and what to do; also while the kill switch is on', () => {
    const unread = [{ id: 'a', kind: 'cancel', forSession: false, urgent: true, at: NOW + MINUTE }];
    const state: RunState = { stage: 'implement', progress: progress(), brief: BRIEF };
    const killSwitch = { on: true, by: 'ada', holds: 0 };
    const seen = (): Partial<Observation> => ({ runs: [watched(state, { unread })], killSwitch });
    const found = watchFor(20 * MINUTE, seen).findings.find((one) => one.topic === 'act-unread');
    expect(found?.text).toBe(
      'nobody has taken the cancel of 2026-11-28T12:01:00.000Z on run r (acme/shop#7), which stays where it has been since 2026-11-28T12:00:00.000Z: in implement',
    );
    expect(found?.why).toContain('within 15 minutes');
    expect(found?.remedy).toContain('`lamplighter recover`');
  });
});

describe('what runs depend on', () => {
  it.each<[string, string, Partial<Observation>]>([
    ['a worker that hangs', 'worker-unseen', { workers: [{ name: 'one', at: NOW, stopped: false }] }],
    [
      'one of two workers that hangs',
      'worker-unseen',
      {
        workers: [
          { name: 'one', at: NOW, stopped: false },
          { name: 'two', at: NOW + 9 * HOUR, stopped: false },
        ],
      },
    ],
    ['no worker since the last one stopped', 'worker-unseen', { workers: [{ name: 'one', at: NOW, stopped: true }] }],
    ['no worker ever', 'worker-unseen', { workers: [] }],
    ['a poller that does not read', 'poller-unseen', { poller: { at: NOW, everyMs: 30_000 } }],
    ['Temporal that does not answer', 'temporal-unreachable', { temporal: { ok: false, reason: 'ECONNREFUSED' } }],
  ])('%s is noticed after three minutes, not before: %s', (_what, topic, seen) => {
    const memory = { ...freshMemory(NOW), temporalSeenAt: NOW };
    expect(topics(watchFor(2 * MINUTE, () => seen, memory))).toEqual([]);
    expect(topics(watchFor(3 * MINUTE, () => seen, memory))).toEqual([topic]);
  });

  it('Temporal that answered again has its whole time again', () => {
    const down = { ok: false, reason: 'ECONNREFUSED' } as const;
    const seen = (now: number): Partial<Observation> => (now === NOW + 2 * MINUTE ? {} : { temporal: down });
    expect(topics(watchFor(4 * MINUTE, seen))).toEqual([]);
    expect(topics(watchFor(5 * MINUTE, seen))).toEqual(['temporal-unreachable']);
  });

  it('a poller that is meant to read seldom has three of its rounds', () => {
    const seen = (): Partial<Observation> => ({ poller: { at: NOW, everyMs: 5 * MINUTE } });
    expect(topics(watchFor(14 * MINUTE, seen))).toEqual([]);
    expect(topics(watchFor(15 * MINUTE, seen))).toEqual(['poller-unseen']);
  });

  it('a worker that was replaced under another name is not missed for ever', () => {
    const seen = (now: number): Partial<Observation> => ({
      workers: [
        { name: 'old', at: NOW, stopped: false },
        { name: 'new', at: now, stopped: false },
      ],
    });
    expect(topics(watchFor(23 * HOUR, seen))).toEqual(['worker-unseen']);
    expect(topics(watchFor(24 * HOUR, seen))).toEqual([]);
  });

  it('a workflow task that fails again and again is noticed', () => {
    const stuck = [{ workflow: 'run/r', run: 'r', repo: 'shop-1', attempt: 9 }];
    const seen = (): Partial<Observation> => ({ temporal: { ok: true, stuck, gone: [] } });
    expect(topics(watchFor(2 * MINUTE, seen))).toEqual([]);
    expect(watchFor(3 * MINUTE, seen).findings).toMatchObject([
      { topic: 'workflow-stuck', run: 'r', text: expect.stringContaining('has failed 8 times') as string },
    ]);
  });

  it('a disk that is nearly full is noticed at once, and over only with some room to spare', () => {
    const disk = (freeBytes: number) => ({ disk: { freeBytes, place: '/data' } });
    const full = watchFor(0, () => disk(LIMITS.diskFreeBytes - 1));
    expect(topics(full)).toEqual(['disk-full']);
    expect(topics(watchFor(0, () => disk(LIMITS.diskFreeBytes + 1), full.memory))).toEqual(['disk-full']);
    expect(topics(watchFor(0, () => disk(LIMITS.diskFreeBytes * 1.2), full.memory))).toEqual([]);
  });

  it('a machine that was off calls nobody for what was silent meanwhile, and does when it stays so', () => {
    const asleep = judge({ ...WELL, runs: [watched(FRESH)] }, LIMITS, freshMemory(NOW), NOW);
    const stale: Observation = { ...WELL, runs: [watched(FRESH)], temporal: { ok: false, reason: 'starting' } };
    const morning = NOW + 9 * HOUR;
    const woken = judge(stale, LIMITS, asleep.memory, morning);
    expect(topics(woken)).toEqual([]);
    const later = judge(
      stale,
      LIMITS,
      judge(stale, LIMITS, woken.memory, morning + 2 * MINUTE).memory,
      morning + 3 * MINUTE,
    );
    expect(topics(later)).toEqual(['temporal-unreachable', 'worker-unseen']);
  });
});

describe('what holds lanes', () => {
  const lane = { repo: 'shop-1', repoName: 'acme/shop', waiting: 2, unreadable: null };
  const cap: CapStanding = {
    cap: { key: 'cap/day/total/2026-11-28', window: 'day', repo: null, firstDay: 20_000, lastDay: 20_002, microUsd: 1 },
    raised: 0,
    spent: 1,
    refused: 0,
  };

  it.each<[string, string, number, Partial<Observation>]>([
    ['the kill switch on while an issue waits', 'kill-switch', HOUR, { killSwitch: { on: true, by: 'ada', holds: 1 } }],
    [
      'the kill switch on while a run stands',
      'kill-switch',
      HOUR,
      { killSwitch: { on: true, by: 'ada', holds: 0 }, runs: [watched(FRESH)] },
    ],
    ['a reached cap while an issue waits', 'cap-reached', 24 * HOUR, { caps: [cap], lanes: [lane] }],
    ['a reached cap while a run stands', 'cap-reached', 24 * HOUR, { caps: [cap], runs: [watched(FRESH)] }],
    ['a free lane that starts nothing', 'lane-idle', 15 * MINUTE, { lanes: [lane] }],
    [
      'a tracker that cannot be read',
      'tracker-unreadable',
      15 * MINUTE,
      { lanes: [{ ...lane, waiting: 0, unreadable: 'gone' }] },
    ],
  ])('%s is noticed at its limit, not before: %s', (_what, topic, limit, seen) => {
    expect(topics(watchFor(limit - MINUTE, () => seen))).toEqual([]);
    expect(topics(watchFor(limit, () => seen))).toEqual([topic]);
  });

  it.each<[string, Partial<Observation>]>([
    ['the kill switch on while nothing waits', { killSwitch: { on: true, by: 'ada', holds: 0 } }],
    ['a reached cap while nothing waits', { caps: [cap] }],
    ['a lane that is held by its run', { lanes: [lane], runs: [watched(FRESH, { progressAt: NOW + 30 * HOUR })] }],
  ])('%s calls nobody', (_what, seen) => {
    expect(topics(watchFor(30 * HOUR, () => seen))).toEqual([]);
  });
});
