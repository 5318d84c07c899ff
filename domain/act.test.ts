import { describe, expect, it } from 'vitest';
import { actEvent, actInWords, isForSession, refuseAct, type RequestedAct } from './act.ts';
import { NO_GRANTS } from './bounds.ts';
import { FRESH, type RunState } from './stage.ts';

const { progress } = FRESH;
const working: readonly RunState[] = [
  { stage: 'triage', progress },
  { stage: 'prepare', progress, redBase: 'b', waiting: true },
  { stage: 'implement', progress, brief: { kind: 'implement' } },
  { stage: 'verify', progress, head: 'h', redBase: null },
  { stage: 'awaiting-approval', progress, head: 'h', since: 1 },
  { stage: 'push', progress, head: 'h', mergeWith: null },
  { stage: 'watch', progress, sha: 's' },
  {
    stage: 'fix',
    progress,
    sha: 's',
    brief: { kind: 'deploy-red', red: { sha: 's', stage: 'deploy', reason: 'no' }, main: null },
    redMain: null,
    told: false,
    asked: null,
  },
];
const frozen: RunState = { stage: 'frozen', progress, sha: 's', since: 1, reason: 'red', proving: null };
const proving: RunState = { ...frozen, proving: { by: 'ada', note: 'n', reverted: false } };
const ended: RunState = { stage: 'ended', progress, outcome: 'shipped', reason: 'live' };

const escalate: RequestedAct = { kind: 'escalate' };
const cancel: RequestedAct = { kind: 'cancel' };
const unfreezes: readonly RequestedAct[] = [
  { kind: 'unfreeze', way: 'retry', grants: NO_GRANTS },
  { kind: 'unfreeze', way: 'resolved', reverted: false },
  { kind: 'unfreeze', way: 'abandon' },
];
const grant: RequestedAct = { kind: 'grant', grants: { ...NO_GRANTS, turns: 10 } };
const paused = (state: RunState): RunState => ({
  ...state,
  progress: { ...state.progress, pause: { by: 'ada', note: 'n', since: 1 } },
});

describe('acts on a run', () => {
  it.each(working)('in $stage: may be escalated and cancelled, never unfrozen', (state) => {
    expect(refuseAct({ state }, escalate, 'why')).toBeNull();
    expect(refuseAct({ state }, cancel, 'why')).toBeNull();
    for (const act of unfreezes) expect(refuseAct({ state }, act, 'why')).toContain(`in ${state.stage}, not frozen`);
  });

  it('frozen: is left by one of the three ways only', () => {
    for (const act of unfreezes) expect(refuseAct({ state: frozen }, act, 'why')).toBeNull();
    expect(refuseAct({ state: frozen }, cancel, 'why')).toContain('abandon');
    expect(refuseAct({ state: frozen }, escalate, 'why')).toContain('frozen already');
  });

  it('a second "resolved" waits for the verdict of the first; the other ways stay open', () => {
    expect(refuseAct({ state: proving }, { kind: 'unfreeze', way: 'resolved', reverted: true }, 'why')).toContain(
      'ada',
    );
    expect(refuseAct({ state: proving }, { kind: 'unfreeze', way: 'abandon' }, 'why')).toBeNull();
  });

  it.each(working)('in $stage: may be steered, paused and granted more', (state) => {
    for (const act of [{ kind: 'steer' }, { kind: 'pause' }, grant] as const)
      expect(refuseAct({ state }, act, 'why')).toBeNull();
    expect(refuseAct({ state }, { kind: 'resume' }, 'why')).toContain('not paused');
  });

  it('is interrupted only while a session is at work', () => {
    const allowed = working.filter((state) => refuseAct({ state }, { kind: 'interrupt' }, 'why') === null);
    expect(allowed.map((state) => state.stage)).toEqual(['implement', 'fix']);
    expect(refuseAct({ state: paused(working[2]!) }, { kind: 'interrupt' }, 'why')).toContain('implement, paused');
  });

  it.each(working)('paused in $stage: may be resumed, and not paused again', (state) => {
    expect(refuseAct({ state: paused(state) }, { kind: 'resume' }, 'why')).toBeNull();
    expect(refuseAct({ state: paused(state) }, { kind: 'pause' }, 'why')).toContain('ada paused it already');
    expect(refuseAct({ state: paused(state) }, cancel, 'why')).toBeNull();
  });

  it('an approval is of the sha that waits, and of nothing else', () => {
    const waiting: RunState = { stage: 'awaiting-approval', progress, head: 'abc', since: 1 };
    expect(refuseAct({ state: waiting }, { kind: 'approve', sha: 'abc' }, 'why')).toBeNull();
    expect(refuseAct({ state: waiting }, { kind: 'approve', sha: 'def' }, 'why')).toContain('abc, not def');
    expect(refuseAct({ state: waiting }, { kind: 'reject' }, 'why')).toBeNull();
    for (const state of working.filter(({ stage }) => stage !== 'awaiting-approval'))
      expect(refuseAct({ state }, { kind: 'approve', sha: 'abc' }, 'why')).toContain('not awaiting approval');
  });

  it('frozen: a session that is not there can be told nothing, and a grant goes with retry', () => {
    expect(refuseAct({ state: frozen }, { kind: 'steer' }, 'why')).toContain('retry');
    expect(refuseAct({ state: frozen }, grant, 'why')).toContain('retry');
    expect(refuseAct({ state: frozen }, { kind: 'pause' }, 'why')).toContain('unfreeze it');
  });

  it('a grant of nothing is refused', () => {
    expect(refuseAct({ state: working[2]! }, { kind: 'grant', grants: NO_GRANTS }, 'why')).toContain(
      'grant of nothing',
    );
  });

  it('ended: nothing moves it', () => {
    for (const act of [escalate, cancel, ...unfreezes])
      expect(refuseAct({ state: ended }, act, 'why')).toContain('has ended (shipped)');
  });

  it('a note is required, and blanks are not one', () => {
    for (const act of [escalate, cancel, ...unfreezes])
      expect(refuseAct({ state: frozen }, act, ' \n\t')).toContain('note is required');
  });

  it('an unknown run is refused', () => {
    expect(refuseAct(null, cancel, 'why')).toBe('there is no such run');
  });
});

describe('an act as an event', () => {
  it('names the act in place of the words, and acts of the session move nothing', () => {
    const by = { name: 'ada' };
    expect(actEvent({ id: 'x', data: { kind: 'approve', sha: 's' }, by })).toEqual({
      kind: 'approve',
      sha: 's',
      by: 'ada',
      note: 'act x',
    });
    for (const kind of ['steer', 'interrupt'] as const) {
      expect(isForSession({ kind })).toBe(true);
      expect(actEvent({ id: 'x', data: { kind }, by })).toBeNull();
    }
  });

  it.each<[RequestedAct, string]>([
    [
      { kind: 'unfreeze', way: 'retry', grants: { ...NO_GRANTS, microUsd: 5_000_000, fixes: 2 } },
      'unfreeze: retry, granting $5.00, 2 fix-forward attempts',
    ],
    [{ kind: 'unfreeze', way: 'resolved', reverted: true }, 'unfreeze: resolved, reverted'],
    [{ kind: 'grant', grants: { ...NO_GRANTS, sessionMs: 600_000 } }, 'grant 10 minutes'],
    [{ kind: 'approve', sha: '0123456789abcdef' }, 'approve 0123456789'],
    [{ kind: 'steer' }, 'steer'],
  ])('in words: %j', (act, words) => {
    expect(actInWords(act)).toBe(words);
  });
});
