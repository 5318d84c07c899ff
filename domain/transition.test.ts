import { describe, expect, it } from 'vitest';
import { LABELS } from './issue.ts';
import { DEFAULT_BOUNDS, type Outcome } from './run.ts';
import { FRESH, workOf, type Progress, type RunEvent, type RunState, type Stage } from './stage.ts';
import { next } from './transition.ts';

const AT = 1_000_000;
const bounds = { ...DEFAULT_BOUNDS, fixAttempts: 0, verifyRounds: 2 };
const fixing = { ...bounds, fixAttempts: 2, fixMs: 60_000 };
const resolution = { by: 'ada', note: 'n', reverted: false };

const fresh: Progress = FRESH.progress;
const landed: Progress = { ...fresh, base: 'b', pushed: 'p', openings: 1 };

/** Every shape of state, with the progress given. */
function statesWith(progress: Progress): Readonly<Record<string, RunState>> {
  return {
    triage: { stage: 'triage', progress },
    prepare: { stage: 'prepare', progress, redBase: null, waiting: false },
    'prepare, waiting': { stage: 'prepare', progress, redBase: 'b', waiting: true },
    implement: { stage: 'implement', progress, brief: { kind: 'implement' } },
    verify: { stage: 'verify', progress, head: 'h' },
    push: { stage: 'push', progress, head: 'h', mergeWith: null },
    'push, merging': { stage: 'push', progress, head: 'h', mergeWith: 'm' },
    watch: { stage: 'watch', progress, sha: 'p' },
    fix: { stage: 'fix', progress, sha: 'p', brief: { kind: 'deploy-red', stage: 'health', reason: 'r' } },
    frozen: { stage: 'frozen', progress, sha: 'p', since: 1, reason: 'r', proving: null },
    'frozen, proving': { stage: 'frozen', progress, sha: 'p', since: 1, reason: 'r', proving: resolution },
    ended: { stage: 'ended', progress, outcome: 'shipped', reason: 'r' },
  };
}

const EVENTS: { readonly [K in RunEvent['kind']]: Extract<RunEvent, { kind: K }> } = {
  accepted: { kind: 'accepted', plan: { acceptanceCriteria: [], testPlan: '', risks: [] } },
  rejected: { kind: 'rejected', reason: 'r' },
  'not-eligible': { kind: 'not-eligible', reason: 'r' },
  prepared: { kind: 'prepared', base: 'b' },
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
  green: { kind: 'green' },
  red: { kind: 'red', stage: 'health', reason: 'r' },
  failed: { kind: 'failed', reason: 'r' },
  withdrawn: { kind: 'withdrawn', reason: 'r' },
  cancel: { kind: 'cancel', by: 'ada', note: 'n' },
  escalate: { kind: 'escalate', by: 'ada', note: 'n' },
  retry: { kind: 'retry', by: 'ada', note: 'n' },
  resolved: { kind: 'resolved', resolution },
  abandon: { kind: 'abandon', by: 'ada', note: 'n' },
  'head-proven': { kind: 'head-proven', sha: 's' },
  'head-not-proven': { kind: 'head-not-proven', reason: 'r' },
};

/** Where the events that a stage knows lead; every pair that is not here leaves the state as it is. */
const MOVES: Readonly<Record<string, Partial<Record<RunEvent['kind'], Stage | Outcome>>>> = {
  triage: { accepted: 'prepare', rejected: 'rejected', 'not-eligible': 'cancelled' },
  prepare: { prepared: 'implement', 'base-red': 'prepare', 'head-moved': 'prepare' },
  'prepare, waiting': { prepared: 'implement', 'base-red': 'prepare', 'head-moved': 'prepare' },
  implement: { submitted: 'verify' },
  verify: { proven: 'push', refused: 'implement' },
  push: { pushed: 'watch', raced: 'push', merged: 'verify', conflicts: 'implement' },
  'push, merging': { pushed: 'watch', raced: 'push', merged: 'verify', conflicts: 'implement' },
  watch: { green: 'shipped', red: 'frozen' },
  fix: { submitted: 'verify' },
  frozen: { retry: 'implement', resolved: 'frozen', abandon: 'abandoned' },
  'frozen, proving': {
    retry: 'implement',
    resolved: 'frozen',
    abandon: 'abandoned',
    'head-proven': 'shipped',
    'head-not-proven': 'frozen',
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
    if (kind === 'withdrawn') return pushed ? 'frozen' : 'cancelled';
  }
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
      expect(workOf(red.state, bounds)).toEqual({ do: 'await-head-move', from: sha });
      state = next(red.state, EVENTS['head-moved'], bounds, AT).state;
      expect(workOf(state, bounds)).toEqual({ do: 'prepare' });
    }
    expect(calls).toBe(1);
  });
});

describe('bounds (invariant 7)', () => {
  const watching: RunState = { stage: 'watch', progress: landed, sha: 'p' };

  it('without fix attempts the first red freezes', () => {
    expect(next(watching, EVENTS.red, bounds, AT).state).toMatchObject({ stage: 'frozen', reason: 'health is red: r' });
  });

  it('as many fix attempts as allowed, then frozen', () => {
    const after = (fixes: number): RunState =>
      next({ ...watching, progress: { ...landed, fixes, firstRedAt: AT } }, EVENTS.red, fixing, AT + 1).state;
    expect([0, 1, 2].map((fixes) => after(fixes).stage)).toEqual(['fix', 'fix', 'frozen']);
  });

  it('the clock of the first red never starts again', () => {
    const first = next(watching, EVENTS.red, fixing, AT).state;
    const again: RunState = { stage: 'watch', progress: first.progress, sha: 'p2' };

    expect(first.progress.firstRedAt).toBe(AT);
    expect(next(again, EVENTS.red, fixing, AT + 59_999).state).toMatchObject({
      stage: 'fix',
      progress: { firstRedAt: AT },
    });
    expect(next(again, EVENTS.red, fixing, AT + 60_000).state.stage).toBe('frozen');
  });

  it('the refusal after the last round calls a person, with the finding', () => {
    const last: RunState = { stage: 'verify', progress: { ...fresh, rounds: 2 }, head: 'h' };
    expect(next(last, EVENTS.refused, bounds, AT).state).toMatchObject({
      outcome: 'needs-human',
      reason: 'the gates refused 3 times; last: f',
    });
  });

  it("a person's retry grants fresh bounds and judges against what is on main", () => {
    const spent: Progress = { ...landed, rounds: 2, races: 4, fixes: 2, firstRedAt: 1 };
    const { state } = next(
      { stage: 'frozen', progress: spent, sha: 'p', since: 1, reason: 'r', proving: null },
      EVENTS.retry,
      bounds,
      AT,
    );
    expect(state.progress).toEqual({
      ...landed,
      base: 'p',
      openings: 2,
      rounds: 0,
      races: 0,
      fixes: 0,
      firstRedAt: null,
    });
  });

  it('after more lost races than allowed the run waits before it merges', () => {
    const merging = (races: number): RunState => ({
      stage: 'push',
      progress: { ...fresh, races },
      head: 'h',
      mergeWith: 'm',
    });
    expect(workOf(merging(3), bounds)).toMatchObject({ do: 'merge', patient: false });
    expect(workOf(merging(4), bounds)).toMatchObject({ do: 'merge', patient: true });
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
