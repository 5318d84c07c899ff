import { describe, expect, it } from 'vitest';
import { LABELS } from '../issue.ts';
import type { Outcome } from '../outcome.ts';
import { DEFAULT_BOUNDS } from '../bounds.ts';
import { NO_GRANTS } from '../bounds.ts';
import { FRESH, type Progress, type RunEvent, type RunState, type Stage } from '../stage.ts';
import { next } from './transition.ts';
import { workOf } from '../work.ts';

const AT = 1_000_000;
const bounds = { ...DEFAULT_BOUNDS, fixAttempts: 0, verifyRounds: 2 };
const fixing = { ...bounds, fixAttempts: 2, fixMs: 60_000 };
const resolution = { by: 'ada', note: 'n', reverted: false };
const said = { by: 'ada', note: 'n' };
const red = { sha: 'p', stage: 'health', reason: 'r' };

const fresh: Progress = FRESH.progress;
const landed: Progress = { ...fresh, base: 'b', pushed: 'p', openings: 1 };

/** Every shape of state, with the progress given. */
function statesWith(progress: Progress): Readonly<Record<string, RunState>> {
  return {
    triage: { stage: 'triage', progress },
    prepare: { stage: 'prepare', progress, redBase: null, waiting: false },
    'prepare, waiting': { stage: 'prepare', progress, redBase: 'b', waiting: true },
    implement: { stage: 'implement', progress, brief: { kind: 'implement' } },
    verify: { stage: 'verify', progress, head: 'h', redBase: null },
    'verify, waiting': { stage: 'verify', progress, head: 'h', redBase: 'm' },
    'awaiting-approval': { stage: 'awaiting-approval', progress, head: 'h', since: 1 },
    push: { stage: 'push', progress, head: 'h', mergeWith: null },
    'push, merging': { stage: 'push', progress, head: 'h', mergeWith: 'm' },
    watch: { stage: 'watch', progress, sha: 'p' },
    fix: { stage: 'fix', progress, sha: 'p', brief: null, redMain: null, told: false, asked: null },
    'fix, waiting': { stage: 'fix', progress, sha: 'p', brief: null, redMain: 'm', told: true, asked: null },
    'fix, at work': {
      stage: 'fix',
      progress,
      sha: 'p',
      brief: { kind: 'deploy-red', red, main: null },
      redMain: null,
      told: false,
      asked: null,
    },
    frozen: { stage: 'frozen', progress, sha: 'p', since: 1, reason: 'r', proving: null },
    'frozen, proving': { stage: 'frozen', progress, sha: 'p', since: 1, reason: 'r', proving: resolution },
    ended: { stage: 'ended', progress, outcome: 'shipped', reason: 'r' },
  };
}

const EVENTS: { readonly [K in RunEvent['kind']]: Extract<RunEvent, { kind: K }> } = {
  accepted: { kind: 'accepted' },
  rejected: { kind: 'rejected', reason: 'r' },
  'not-eligible': { kind: 'not-eligible', reason: 'r' },
  prepared: { kind: 'prepared', base: 'b', ask: false },
  'base-red': { kind: 'base-red', sha: 'b', reason: 'r' },
  'head-moved': { kind: 'head-moved' },
  submitted: { kind: 'submitted', head: 'h' },
  'gave-up': { kind: 'gave-up', reason: 'r' },
  exhausted: { kind: 'exhausted', bound: 'turns' },
  proven: { kind: 'proven' },
  refused: { kind: 'refused', findings: ['f'] },
  pushed: { kind: 'pushed', sha: 'h' },
  raced: { kind: 'raced', main: 'm' },
  merged: { kind: 'merged', head: 'h2', base: 'm' },
  conflicts: { kind: 'conflicts', main: 'm', files: ['f'] },
  green: { kind: 'green', proven: ['build', 'deploy', 'health'] },
  red: { kind: 'red', stage: 'health', reason: 'r' },
  failed: { kind: 'failed', reason: 'r' },
  withdrawn: { kind: 'withdrawn', reason: 'r' },
  cancel: { kind: 'cancel', ...said },
  escalate: { kind: 'escalate', ...said },
  pause: { kind: 'pause', ...said },
  resume: { kind: 'resume', ...said },
  approve: { kind: 'approve', sha: 'h', ...said },
  reject: { kind: 'reject', ...said },
  grant: { kind: 'grant', grants: { ...NO_GRANTS, turns: 5 }, ...said },
  'main-ours': { kind: 'main-ours', main: 'p' },
  'main-red': { kind: 'main-red', sha: 'm', reason: 'r' },
  'main-healthy': { kind: 'main-healthy', sha: 'm', proven: ['health'] },
  'taken-back': { kind: 'taken-back', main: 'm', sha: 'p' },
  overdue: { kind: 'overdue', reason: 'r' },
  retry: { kind: 'retry', grants: NO_GRANTS, ...said },
  resolved: { kind: 'resolved', resolution },
  abandon: { kind: 'abandon', by: 'ada', note: 'n' },
  'head-proven': { kind: 'head-proven', sha: 's', proven: ['health'] },
  'head-not-proven': { kind: 'head-not-proven', reason: 'r' },
};

/** Where the events that a stage knows lead; every pair that is not here leaves the state as it is. */
const MOVES: Readonly<Record<string, Partial<Record<RunEvent['kind'], Stage | Outcome>>>> = {
  triage: { accepted: 'prepare', rejected: 'rejected', 'not-eligible': 'cancelled' },
  prepare: { prepared: 'implement', 'base-red': 'prepare', 'head-moved': 'prepare' },
  'prepare, waiting': { prepared: 'implement', 'base-red': 'prepare', 'head-moved': 'prepare' },
  implement: { submitted: 'verify' },
  verify: { proven: 'push', refused: 'implement', 'base-red': 'verify' },
  'verify, waiting': { proven: 'push', refused: 'implement', 'base-red': 'verify', 'head-moved': 'push' },
  'awaiting-approval': { approve: 'push', reject: 'implement' },
  push: { pushed: 'watch', raced: 'push', merged: 'verify', conflicts: 'implement', reject: 'implement' },
  'push, merging': { pushed: 'watch', raced: 'push', merged: 'verify', conflicts: 'implement', reject: 'implement' },
  watch: { green: 'shipped', red: 'fix' },
  fix: { 'main-ours': 'frozen', 'main-red': 'frozen', 'main-healthy': 'superseded' },
  'fix, waiting': { 'main-ours': 'frozen', 'main-red': 'frozen', 'main-healthy': 'superseded', 'head-moved': 'fix' },
  'fix, at work': { submitted: 'verify' },
  frozen: { retry: 'fix', resolved: 'frozen', abandon: 'abandoned' },
  'frozen, proving': {
    retry: 'fix',
    resolved: 'frozen',
    abandon: 'abandoned',
    'head-proven': 'shipped',
    'head-not-proven': 'frozen',
    failed: 'frozen',
  },
  ended: {},
};
const FAILURES = ['failed', 'gave-up', 'exhausted', 'escalate'] as const;

function standing(state: RunState): Stage | Outcome {
  return state.stage === 'ended' ? state.outcome : state.stage;
}

function expected(name: string, state: RunState, kind: RunEvent['kind'], pushed: boolean): Stage | Outcome | 'stays' {
  if (state.stage !== 'ended' && state.stage !== 'frozen') {
    if ((FAILURES as readonly string[]).includes(kind)) return pushed ? 'frozen' : 'needs-human';
    if (kind === 'cancel') return 'cancelled';
    if (kind === 'taken-back') return pushed ? 'superseded' : 'stays';
    if (kind === 'withdrawn') return pushed ? 'frozen' : 'cancelled';
    if (kind === 'overdue' && /^(?:verify|fix), waiting/.test(name)) return pushed ? 'frozen' : 'needs-human';
    if (kind === 'pause') return state.stage;
  }
  if (kind === 'grant' && state.stage !== 'ended') return state.stage;
  return MOVES[name]?.[kind] ?? 'stays';
}

describe.each([
  ['before a push', fresh, false],
  ['after a push', landed, true],
] as const)('next, %s', (_when, progress, pushed) => {
  const pairs = Object.entries(statesWith(progress)).flatMap(([name, state]) =>
    Object.values(EVENTS).map((event) => ({
      name,
      state,
      event,
      kind: event.kind,
      to: expected(name, state, event.kind, pushed),
    })),
  );

  it.each(pairs)('$name × $kind → $to', ({ state, event, to }) => {
    const { state: after, effects } = next(state, event, bounds, AT);

    if (to === 'stays') {
      expect(after).toBe(state);
      expect(effects).toEqual([]);
    } else {
      expect(standing(after)).toBe(to);
    }
  });
});

describe('effects of a transition', () => {
  const states = statesWith(fresh);
  const afterPush = statesWith(landed);

  it('a failure before the push ends with a person called, and nothing closed', () => {
    const { state, effects } = next(states['verify']!, EVENTS.failed, bounds, AT);

    expect(state).toMatchObject({ stage: 'ended', outcome: 'needs-human', reason: 'r' });
    expect(effects.map((effect) => effect.do)).toEqual(['release-slot', 'escalate', 'label', 'comment']);
    expect(effects).toContainEqual({ do: 'label', add: [LABELS.human], remove: [LABELS.inProgress, LABELS.ready] });
  });

  it('a failure after the push freezes: a person is called before the tracker is asked, the ready label stays', () => {
    const { state, effects } = next(afterPush['verify']!, EVENTS.failed, bounds, AT);

    expect(state).toMatchObject({ stage: 'frozen', sha: 'p', since: AT, reason: 'r', proving: null });
    expect(effects.map((effect) => effect.do)).toEqual(['release-slot', 'escalate', 'label', 'comment']);
    expect(effects).toContainEqual({ do: 'label', add: [LABELS.human], remove: [LABELS.inProgress] });
  });

  it('what a person took back ends superseded with both shas, and a person is called to look at what is deployed', () => {
    const { state, effects } = next(afterPush['watch']!, EVENTS['taken-back'], bounds, AT);

    expect(state).toMatchObject({ outcome: 'superseded', reason: expect.stringMatching(/taken back to m, .* p of/) });
    expect(effects.map((effect) => effect.do)).toEqual(['release-slot', 'label', 'comment', 'escalate']);
    expect(effects.at(-1)).toMatchObject({ severity: 'high', topic: 'taken-back' });
  });

  it('a proof of the head that can not be made is no proof: it is not tried again by itself', () => {
    const { state } = next(afterPush['frozen, proving']!, EVENTS.failed, bounds, AT);

    expect(state).toMatchObject({ stage: 'frozen', proving: null, reason: 'not resolved: r' });
  });

  it('a withdrawal before the push cancels without calling anybody', () => {
    const { state, effects } = next(states['implement']!, EVENTS.withdrawn, bounds, AT);

    expect(state).toMatchObject({ stage: 'ended', outcome: 'cancelled', reason: 'r' });
    expect(effects.map((effect) => effect.do)).toEqual(['release-slot', 'label', 'comment']);
  });

  it('shipping closes the issue, once, after the labels are gone', () => {
    const { effects } = next(afterPush['watch']!, EVENTS.green, bounds, AT);
    expect(effects.map((effect) => effect.do)).toEqual(['release-slot', 'label', 'close', 'escalate']);
  });

  it('nothing but shipping closes an issue (invariant 4)', () => {
    for (const state of [...Object.values(states), ...Object.values(afterPush)]) {
      for (const event of Object.values(EVENTS)) {
        const moved = next(state, event, bounds, AT);
        if (moved.effects.some((effect) => effect.do === 'close')) expect(standing(moved.state)).toBe('shipped');
      }
    }
  });

  it('every end and every freeze gives the slot back', () => {
    for (const state of [...Object.values(states), ...Object.values(afterPush)]) {
      for (const event of Object.values(EVENTS)) {
        const moved = next(state, event, bounds, AT);
        const halts = moved.state.stage !== state.stage && ['ended', 'frozen', 'watch'].includes(moved.state.stage);
        if (halts) expect(moved.effects).toContainEqual({ do: 'release-slot' });
      }
    }
  });

  it('a red base calls a person once, however often main moves and stays red', () => {
    let state: RunState = states['prepare']!;
    let calls = 0;
    for (const sha of ['b1', 'b2', 'b3']) {
      const red = next(state, { kind: 'base-red', sha, reason: 'r' }, bounds, AT);
      calls += red.effects.filter((effect) => effect.do === 'escalate').length;
      expect(workOf(red.state, bounds)).toEqual({ do: 'await-head-move', from: sha, until: null });
      state = next(red.state, EVENTS['head-moved'], bounds, AT).state;
      expect(workOf(state, bounds)).toEqual({ do: 'prepare' });
    }
    expect(calls).toBe(1);
  });
});

describe('bounds (invariant 7)', () => {
  const judging = (progress: Partial<Progress>): RunState => ({
    stage: 'fix',
    progress: { ...landed, red, firstRedAt: AT, ...progress },
    sha: 'p',
    brief: null,
    redMain: null,
    told: false,
    asked: null,
  });

  it('without fix attempts a red of ours freezes, and says so', () => {
    expect(next(judging({}), EVENTS['main-ours'], bounds, AT).state).toMatchObject({
      stage: 'frozen',
      reason: 'health is red: r; no fix-forward attempts are allowed',
    });
  });

  it('as many fix attempts as allowed, then frozen', () => {
    const after = (fixes: number): RunState => next(judging({ fixes }), EVENTS['main-ours'], fixing, AT + 1).state;
    expect([0, 1, 2].map((fixes) => after(fixes).stage)).toEqual(['fix', 'fix', 'frozen']);
    expect(after(2)).toMatchObject({ reason: 'health is red: r; 2 of 2 fix-forward attempts were made' });
  });

  it('the clock of the first red never starts again', () => {
    const first = next({ stage: 'watch', progress: landed, sha: 'p' }, EVENTS.red, fixing, AT).state;
    const again = next({ stage: 'watch', progress: first.progress, sha: 'p2' }, EVENTS.red, fixing, AT + 50_000).state;

    expect(again).toMatchObject({ stage: 'fix', progress: { firstRedAt: AT, red: { sha: 'p2' } } });
    expect(next(again, EVENTS['main-ours'], fixing, AT + 59_999).state).toMatchObject({ progress: { fixes: 1 } });
    expect(next(again, EVENTS['main-ours'], fixing, AT + 60_000).state.stage).toBe('frozen');
  });

  it('what a person grants raises a bound, and nothing else does (invariant 7)', () => {
    const spent = judging({ fixes: 2 });
    const granted = next(spent, { ...EVENTS.grant, grants: { ...NO_GRANTS, fixes: 1 } }, fixing, AT).state;
    expect(granted).toEqual({ ...spent, progress: { ...spent.progress, granted: { ...NO_GRANTS, fixes: 1 } } });
    expect(next(granted, EVENTS['main-ours'], fixing, AT).state.stage).toBe('fix');
    expect(next(spent, EVENTS['main-ours'], fixing, AT).state.stage).toBe('frozen');
  });

  it('the refusal after the last round calls a person, with the finding', () => {
    const last: RunState = { stage: 'verify', progress: { ...fresh, rounds: 2 }, head: 'h', redBase: null };
    expect(next(last, EVENTS.refused, bounds, AT).state).toMatchObject({
      outcome: 'needs-human',
      reason: 'the gates refused 3 times; last: f',
    });
  });

  it("a person's retry grants what it says and no more; the clock starts with the next red", () => {
    const spent: Progress = { ...landed, rounds: 2, races: 4, fixes: 2, firstRedAt: 1, red };
    const frozen: RunState = { stage: 'frozen', progress: spent, sha: 'p', since: 1, reason: 'r', proving: null };
    const { state } = next(frozen, { ...EVENTS.retry, grants: { ...NO_GRANTS, fixes: 1 } }, fixing, AT);
    expect(state).toMatchObject({ stage: 'fix', brief: null, asked: said });
    expect(state.progress).toEqual({ ...spent, firstRedAt: null, granted: { ...NO_GRANTS, fixes: 1 } });
    expect(workOf(state, fixing)).toEqual({ do: 'judge-main', sha: 'p', asked: true });

    const opened = next(state, { kind: 'main-ours', main: 'm' }, fixing, AT).state;
    expect(opened).toMatchObject({ stage: 'implement', brief: { kind: 'retry', ...said, main: 'm' } });
    expect(opened.progress).toMatchObject({ base: 'm', fixes: 2, openings: 2 });
  });

  it('asks for approval as the main says that the change was proven on, not as it was when the run began', () => {
    const verify = (ask: boolean): RunState => ({
      stage: 'verify',
      progress: { ...fresh, ask },
      head: 'h',
      redBase: null,
    });
    expect(next(verify(false), { kind: 'proven', ask: true }, bounds, AT).state).toMatchObject({
      stage: 'awaiting-approval',
      progress: { ask: true },
    });
    expect(next(verify(true), { kind: 'proven', ask: false }, bounds, AT).state.stage).toBe('push');
    expect(next(verify(true), { kind: 'proven' }, bounds, AT).state.stage).toBe('awaiting-approval');
  });

  it('after as many lost races as are allowed the run waits before it merges', () => {
    const merging = (races: number): RunState => ({
      stage: 'push',
      progress: { ...fresh, races },
      head: 'h',
      mergeWith: 'm',
    });
    expect(workOf(merging(2), bounds)).toMatchObject({ do: 'merge', patient: false });
    expect(workOf(merging(3), bounds)).toMatchObject({ do: 'merge', patient: true });
    expect(workOf(merging(0), { ...bounds, races: 0 })).toMatchObject({ do: 'merge', patient: false });
  });
});

describe('leaving a freeze', () => {
  const frozen = (reverted: boolean): RunState => ({
    stage: 'frozen',
    progress: landed,
    sha: 'p',
    since: 1,
    reason: 'r',
    proving: { ...resolution, reverted },
  });

  it('resolved with our change in main is shipped, reverted is superseded', () => {
    expect(standing(next(frozen(false), EVENTS['head-proven'], bounds, AT).state)).toBe('shipped');
    expect(standing(next(frozen(true), EVENTS['head-proven'], bounds, AT).state)).toBe('superseded');
  });

  it('a head that is not healthy stays frozen and says why', () => {
    const { state } = next(frozen(false), EVENTS['head-not-proven'], bounds, AT);
    expect(state).toMatchObject({ stage: 'frozen', proving: null, reason: 'not resolved: r' });
    expect(workOf(state, bounds)).toEqual({ do: 'await-unfreeze' });
  });
});
