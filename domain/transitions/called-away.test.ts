import { describe, expect, it } from 'vitest';
import type { RequestedAct } from '../act.ts';
import { NO_GRANTS } from '../bounds.ts';
import { eventIn, firstAct, isCalledAway, movingActs, type GivenAct } from './called-away.ts';
import { DEFAULT_BOUNDS } from '../bounds.ts';
import { FRESH, type RunState } from '../stage.ts';

const { progress } = FRESH;
const IN_SESSION: RunState = { stage: 'implement', progress, brief: { kind: 'implement' } };
const TO_PUSH: RunState = { stage: 'push', progress, head: 'h', mergeWith: null };
const WAITING: RunState = { stage: 'awaiting-approval', progress, head: 'h', since: 1 };
const FROZEN: RunState = { stage: 'frozen', progress, sha: 's', since: 1, reason: 'red', proving: null };

const act = (data: RequestedAct): GivenAct => ({ id: data.kind, data, by: { name: 'ada' } });
const grant = act({ kind: 'grant', grants: NO_GRANTS });
const steer = act({ kind: 'steer' });
const pause = act({ kind: 'pause' });
const resume = act({ kind: 'resume' });
const reject = act({ kind: 'reject' });
const cancel = act({ kind: 'cancel' });

describe('acts at a boundary', () => {
  it('are taken in the order in which they came, but a stop first', () => {
    expect(firstAct(IN_SESSION, [grant, pause, cancel])?.id).toBe('cancel');
    expect(firstAct(IN_SESSION, [grant, pause])?.id).toBe('grant');
  });

  it('leave to the session what is said to it, until it has submitted: then it sends the work back', () => {
    expect(movingActs(IN_SESSION, [steer])).toEqual([]);
    for (const state of [TO_PUSH, WAITING])
      expect(eventIn(state, steer)).toEqual({ kind: 'reject', by: 'ada', note: 'act steer' });
  });

  it.each([
    ['a grant leaves the work as it is', IN_SESSION, grant, false],
    ['a resume of what is not paused moves nothing', IN_SESSION, resume, false],
    ['a pause ends it', TO_PUSH, pause, true],
    ['a rejection that came behind an approval ends the push', TO_PUSH, reject, true],
    ['a cancel ends it', IN_SESSION, cancel, true],
    ['a cancel of what is frozen moves nothing', FROZEN, cancel, false],
  ])('%s', (_what, state, given, ends) => {
    expect(isCalledAway({ state, bounds: DEFAULT_BOUNDS }, [given], 1)).toBe(ends);
  });
});
