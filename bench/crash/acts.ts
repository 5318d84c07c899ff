/** Acts of people, as steps of a tale. */
import { NO_GRANTS } from '../../domain/bounds.ts';
import type { PlainAct } from '../../domain/act.ts';
import type { Step, Where } from './step.ts';

const FROZEN: Where = { stage: 'frozen' };
const WAITS: Where = { stage: 'awaiting-approval' };

export function plain(kind: PlainAct, where: Where): Step {
  return { where, does: { act: () => ({ kind }) }, what: kind };
}

export function grant(where: Where): Step {
  return { where, does: { act: () => ({ kind: 'grant', grants: { ...NO_GRANTS, turns: 5 } }) }, what: 'grant' };
}

export const RESUME = plain('resume', { stage: 'paused' });
export const REJECT = plain('reject', WAITS);

export const APPROVE: Step = {
  where: WAITS,
  does: {
    act(state) {
      if (state.stage !== 'awaiting-approval') throw new Error(`nothing is to be approved in ${state.stage}`);
      return { kind: 'approve', sha: state.head };
    },
  },
  what: 'approve',
};

export const ABANDON: Step = {
  where: FROZEN,
  does: { act: () => ({ kind: 'unfreeze', way: 'abandon' }) },
  what: 'abandon',
};

export const RETRY: Step = {
  where: FROZEN,
  does: { act: () => ({ kind: 'unfreeze', way: 'retry', grants: NO_GRANTS }) },
  what: 'retry',
};

export const RESOLVED: Step = {
  where: FROZEN,
  does: { act: () => ({ kind: 'unfreeze', way: 'resolved', reverted: false }) },
  what: 'resolved',
};
