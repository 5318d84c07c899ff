import { describe, expect, it } from 'vitest';
import { refuseAct, UNFREEZE_WAYS, type RequestedAct } from './act.ts';
import { FRESH, type RunState } from './stage.ts';

const { progress } = FRESH;
const working: readonly RunState[] = [
  { stage: 'triage', progress },
  { stage: 'prepare', progress, redBase: 'b', waiting: true },
  { stage: 'implement', progress, brief: { kind: 'implement' } },
  { stage: 'verify', progress, head: 'h' },
  { stage: 'push', progress, head: 'h', mergeWith: null },
  { stage: 'watch', progress, sha: 's' },
  { stage: 'fix', progress, sha: 's', brief: { kind: 'deploy-red', stage: 'deploy', reason: 'no' } },
];
const frozen: RunState = { stage: 'frozen', progress, sha: 's', since: 1, reason: 'red', proving: null };
const proving: RunState = { ...frozen, proving: { by: 'ada', note: 'n', reverted: false } };
const ended: RunState = { stage: 'ended', progress, outcome: 'shipped', reason: 'live' };

const escalate: RequestedAct = { kind: 'escalate' };
const cancel: RequestedAct = { kind: 'cancel' };
const unfreezes: readonly RequestedAct[] = UNFREEZE_WAYS.map((way) => ({ kind: 'unfreeze', way, reverted: false }));

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
    expect(refuseAct({ state: proving }, { kind: 'unfreeze', way: 'abandon', reverted: false }, 'why')).toBeNull();
  });

  it('"reverted" goes with "resolved" only', () => {
    expect(refuseAct({ state: frozen }, { kind: 'unfreeze', way: 'resolved', reverted: true }, 'why')).toBeNull();
    expect(refuseAct({ state: frozen }, { kind: 'unfreeze', way: 'retry', reverted: true }, 'why')).toContain(
      'resolved only',
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
