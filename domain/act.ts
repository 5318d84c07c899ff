/**
 * Which acts a run's state allows. The API asks before it writes the row, and answers a refusal in these words. The check and
 * the write are not one transaction, and need not be: an act that comes too late meets `next`, which leaves the state as it is.
 */
import type { RunState } from './stage.ts';

export const UNFREEZE_WAYS = ['retry', 'resolved', 'abandon'] as const;
export type UnfreezeWay = (typeof UNFREEZE_WAYS)[number];

export type RequestedAct =
  | { readonly kind: 'escalate' | 'cancel' }
  | { readonly kind: 'unfreeze'; readonly way: UnfreezeWay; readonly reverted: boolean };

/** Null when the act is allowed; else why not, and what to do instead. `run` is null when there is no such run. */
export function refuseAct(run: { readonly state: RunState } | null, act: RequestedAct, note: string): string | null {
  if (run === null) return 'there is no such run';
  if (note.trim() === '') return 'a note is required: it says why, for those who read the run later';
  const { state } = run;
  if (state.stage === 'ended') {
    return `the run has ended (${state.outcome}) and nothing can move it: label the issue again for a new run`;
  }
  switch (act.kind) {
    case 'escalate':
      return state.stage === 'frozen' ? 'the run is frozen already and a person was called: unfreeze it' : null;
    case 'cancel':
      return state.stage === 'frozen'
        ? 'a frozen run is not cancelled, because something of it is on main: unfreeze it by abandon'
        : null;
    case 'unfreeze':
      return refuseUnfreeze(state, act);
  }
}

function refuseUnfreeze(state: RunState, act: Extract<RequestedAct, { kind: 'unfreeze' }>): string | null {
  if (state.stage !== 'frozen') return `the run is in ${state.stage}, not frozen: there is nothing to unfreeze`;
  if (act.reverted && act.way !== 'resolved') return `reverted goes with resolved only, not with ${act.way}`;
  if (act.way === 'resolved' && state.proving !== null) {
    return `${state.proving.by} said resolved already, and the head of main is being proven: wait for the verdict`;
  }
  return null;
}

/** A person's words stay in the store: a state names the act, and here its note is put back in. */
export function withNotes<T extends string | null>(
  reason: T,
  acts: readonly { readonly id: string; readonly note: string }[],
): T | string {
  return reason?.replace(/\bact (\S+)/, (named, id) => acts.find((act) => act.id === id)?.note ?? named) ?? reason;
}
