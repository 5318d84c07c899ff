/** What is due in a state. The workflow performs it and feeds the event that comes back to `next`. */
import type { RunBounds } from './bounds.ts';
import type { Brief, In, Resolution, RunState } from './stage.ts';

export type Work =
  | { readonly do: 'triage' }
  | { readonly do: 'prepare' }
  /** `until`: epoch milliseconds after which waiting makes no sense any more; null for ever. */
  | { readonly do: 'await-head-move'; readonly from: string; readonly until: number | null }
  | { readonly do: 'session'; readonly opening: number; readonly brief: Brief }
  | { readonly do: 'verify'; readonly base: string; readonly head: string }
  | { readonly do: 'await-approval'; readonly head: string }
  | { readonly do: 'push'; readonly head: string }
  | { readonly do: 'merge'; readonly head: string; readonly main: string; readonly patient: boolean }
  | { readonly do: 'watch'; readonly sha: string }
  | { readonly do: 'judge-main'; readonly sha: string; readonly asked: boolean }
  | { readonly do: 'prove-head'; readonly sha: string; readonly resolution: Resolution }
  | { readonly do: 'await-unfreeze' }
  | { readonly do: 'await-resume' };

/** What must be there before it begins. Null: nothing. */
export interface Needs {
  /** People still want it, and the kill switch is off. */
  readonly issue: boolean;
  readonly slot: boolean;
}

export function needsOf(work: Work): Needs | null {
  switch (work.do) {
    case 'triage':
    case 'push':
      return { issue: true, slot: false };
    case 'prepare':
    case 'judge-main':
      return { issue: false, slot: true };
    case 'session':
      return { issue: true, slot: true };
    case 'await-head-move':
    case 'verify':
    case 'await-approval':
    case 'merge':
    case 'watch':
    case 'prove-head':
    case 'await-unfreeze':
    case 'await-resume':
      return null;
  }
}

export function workOf(state: RunState, bounds: Pick<RunBounds, 'races' | 'fixMs'>): Work | null {
  if (state.stage === 'ended') return null;
  if (state.progress.pause !== null) return { do: 'await-resume' };
  switch (state.stage) {
    case 'triage':
      return { do: 'triage' };
    case 'prepare':
      return state.waiting && state.redBase !== null
        ? { do: 'await-head-move', from: state.redBase, until: null }
        : { do: 'prepare' };
    case 'implement':
      return { do: 'session', opening: state.progress.openings, brief: state.brief };
    case 'verify':
      return state.redBase === null
        ? { do: 'verify', base: state.progress.base ?? '', head: state.head }
        : { do: 'await-head-move', from: state.redBase, until: fixDeadline(state, bounds) };
    case 'awaiting-approval':
      return { do: 'await-approval', head: state.head };
    case 'push':
      return state.mergeWith === null
        ? { do: 'push', head: state.head }
        : { do: 'merge', head: state.head, main: state.mergeWith, patient: isPatient(state.progress, bounds) };
    case 'watch':
      return { do: 'watch', sha: state.sha };
    case 'fix':
      return fixWork(state, bounds);
    case 'frozen':
      return state.proving === null
        ? { do: 'await-unfreeze' }
        : { do: 'prove-head', sha: state.sha, resolution: state.proving };
  }
}

function fixWork(state: In<'fix'>, bounds: Pick<RunBounds, 'fixMs'>): Work {
  if (state.brief !== null) return { do: 'session', opening: state.progress.openings, brief: state.brief };
  return state.redMain === null
    ? { do: 'judge-main', sha: state.sha, asked: state.asked !== null }
    : { do: 'await-head-move', from: state.redMain, until: fixDeadline(state, bounds) };
}

/** Main may have been moved by others without a race that was lost: then there is nothing to wait for. */
function isPatient({ races }: RunState['progress'], bounds: Pick<RunBounds, 'races'>): boolean {
  return races > 0 && races >= bounds.races;
}

/** The clock of the first red never stops, whatever is waited for. */
function fixDeadline({ progress }: RunState, bounds: Pick<RunBounds, 'fixMs'>): number | null {
  return progress.firstRedAt === null ? null : progress.firstRedAt + bounds.fixMs;
}
