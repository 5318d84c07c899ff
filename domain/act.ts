/**
 * Which acts a run's state allows. The API asks before it writes the row, and answers a refusal in these words. The check and
 * the write are not one transaction, and need not be: an act that comes too late meets `next`, which leaves the state as it is.
 */
import { grantsInWords, isNothing, type Grants } from './bounds.ts';
import type { RunEvent, RunState } from './stage.ts';

export const UNFREEZE_WAYS = ['retry', 'resolved', 'abandon'] as const;

/** Acts without a detail of their own. */
export const PLAIN_ACTS = ['escalate', 'cancel', 'steer', 'interrupt', 'pause', 'resume', 'reject'] as const;
export type PlainAct = (typeof PLAIN_ACTS)[number];

export type RequestedAct =
  | { readonly kind: PlainAct }
  /** Bound to what the person looked at. */
  | { readonly kind: 'approve'; readonly sha: string }
  | { readonly kind: 'grant'; readonly grants: Grants }
  | { readonly kind: 'unfreeze'; readonly way: 'resolved'; readonly reverted: boolean }
  | { readonly kind: 'unfreeze'; readonly way: 'abandon' }
  | { readonly kind: 'unfreeze'; readonly way: 'retry'; readonly grants: Grants };

/** Taken by the session at its turn's boundary; the others move the run. */
export function isForSession(act: RequestedAct): boolean {
  return act.kind === 'steer' || act.kind === 'interrupt';
}

/** Stops what the run is doing now, whatever it is; the others wait for a boundary. */
export function isUrgent(act: RequestedAct): boolean {
  return act.kind === 'cancel' || act.kind === 'escalate';
}

/** What acts are judged by. */
export interface ActedOn {
  readonly state: RunState;
  /** The newest pause or resume that has not come to its boundary yet: who regrets one need not wait for it. */
  readonly asked?: 'pause' | 'resume' | undefined;
}

/** Null when the act is allowed; else why not, and what to do instead. `run` is null when there is no such run. */
export function refuseAct(run: ActedOn | null, act: RequestedAct, note: string): string | null {
  if (run === null) return 'there is no such run';
  if (note.trim() === '') return 'a note is required: it says why, for those who read the run later';
  const { state } = run;
  if (state.stage === 'ended') {
    return `the run has ended (${state.outcome}) and nothing can move it: label the issue again for a new run`;
  }
  if (state.stage === 'frozen') return refuseFrozen(state, act);
  switch (act.kind) {
    case 'escalate':
    case 'cancel':
    case 'steer':
      return null;
    case 'interrupt':
      return isInSession(state)
        ? null
        : `no session is at work: the run is in ${standing(state)}; steer instead, which enters at the next turn`;
    case 'pause':
      return refusePause(run);
    case 'resume':
      return isHeld(run) ? null : `the run is in ${state.stage}, not paused: there is nothing to resume`;
    case 'approve':
    case 'reject':
      return refuseJudgement(state, act);
    case 'grant':
      return isNothing(act.grants)
        ? 'a grant of nothing: say what to grant (--usd, --turns, --minutes, --rounds, --fixes)'
        : null;
    case 'unfreeze':
      return `the run is in ${state.stage}, not frozen: there is nothing to unfreeze`;
  }
}

function refusePause(run: ActedOn): string | null {
  if (!isHeld(run)) return null;
  const { pause } = run.state.progress;
  return pause === null
    ? 'a pause was asked for already: it holds at the next boundary, and resume takes it back'
    : `${pause.by} paused it already: resume it when ready`;
}

/** Is, or will be when what was asked for has been taken. */
function isHeld({ state, asked }: ActedOn): boolean {
  return asked === undefined ? state.progress.pause !== null : asked === 'pause';
}

function isInSession({ stage, progress, ...rest }: RunState): boolean {
  if (progress.pause !== null) return false;
  return stage === 'implement' || (stage === 'fix' && 'brief' in rest && rest.brief !== null);
}

function standing({ stage, progress }: RunState): string {
  return progress.pause === null ? stage : `${stage}, paused`;
}

function refuseJudgement(
  state: RunState,
  act: { readonly kind: 'approve'; readonly sha: string } | { readonly kind: PlainAct },
): string | null {
  if (state.stage !== 'awaiting-approval')
    return `the run is in ${state.stage}, not awaiting approval: there is nothing to ${act.kind}`;
  if (act.kind === 'approve' && 'sha' in act && act.sha !== state.head)
    return `what waits for approval is ${state.head}, not ${act.sha}: look at it again`;
  return null;
}

function refuseFrozen(state: Extract<RunState, { stage: 'frozen' }>, act: RequestedAct): string | null {
  switch (act.kind) {
    case 'unfreeze':
      return act.way === 'resolved' && state.proving !== null
        ? `${state.proving.by} said resolved already, and the head of main is being proven: wait for the verdict`
        : null;
    case 'escalate':
      return 'the run is frozen already and a person was called: unfreeze it';
    case 'cancel':
      return 'a frozen run is not cancelled, because something of it is on main: unfreeze it by abandon';
    case 'steer':
    case 'interrupt':
      return 'no session is at work on a frozen run: unfreeze it by retry, and the note is what the agent reads';
    case 'grant':
      return 'a frozen run uses up nothing: grant with unfreeze by retry';
    default:
      return `a frozen run holds everything already: unfreeze it instead of ${act.kind}`;
  }
}

/** The event that a run's act comes to; its note stays in the store, and is named here. Null for acts of the session. */
export function actEvent(act: {
  readonly id: string;
  readonly data: RequestedAct;
  readonly by: { readonly name: string };
}): RunEvent | null {
  const said = { by: act.by.name, note: `act ${act.id}` };
  const { data } = act;
  switch (data.kind) {
    case 'steer':
    case 'interrupt':
      return null;
    case 'approve':
      return { kind: 'approve', sha: data.sha, ...said };
    case 'grant':
      return { kind: 'grant', grants: data.grants, ...said };
    case 'unfreeze':
      if (data.way === 'retry') return { kind: 'retry', grants: data.grants, ...said };
      if (data.way === 'abandon') return { kind: 'abandon', ...said };
      return { kind: 'resolved', resolution: { ...said, reverted: data.reverted } };
    default:
      return { kind: data.kind, ...said };
  }
}

/** What was asked for, in few words for lists. */
export function actInWords(act: RequestedAct): string {
  switch (act.kind) {
    case 'approve':
      return `approve ${act.sha.slice(0, 10)}`;
    case 'grant':
      return `grant ${grantsInWords(act.grants)}`;
    case 'unfreeze':
      if (act.way === 'resolved') return act.reverted ? 'unfreeze: resolved, reverted' : 'unfreeze: resolved';
      if (act.way === 'abandon' || isNothing(act.grants)) return `unfreeze: ${act.way}`;
      return `unfreeze: retry, granting ${grantsInWords(act.grants)}`;
    default:
      return act.kind;
  }
}

const NAMED_ACT = /\bact (\S+)/;

/** Whether `reason` holds an act's id where a person's words belong. */
export function namesAct(reason: string | null): boolean {
  return reason !== null && NAMED_ACT.test(reason);
}

/** A person's words stay in the store: a state names the act, and here its note is put back in. */
export function withNotes<T extends string | null>(
  reason: T,
  acts: readonly { readonly id: string; readonly note: string }[],
): T | string {
  return reason?.replace(NAMED_ACT, (named, id) => acts.find((act) => act.id === id)?.note ?? named) ?? reason;
}
