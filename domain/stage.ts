/**
 * The life of a run as data: states, the events that move it, and the effects that a transition owes the world.
 * The state alone says what work is due (`workOf`), so a run rebuilt from its row goes on where it was.
 */
import type { Outcome, TriagePlan } from './run.ts';

/** What opens or re-opens the agent's session. */
export type Brief =
  | { readonly kind: 'implement' }
  | { readonly kind: 'gates-refused'; readonly findings: readonly string[] }
  | { readonly kind: 'conflict'; readonly main: string; readonly files: readonly string[] }
  | { readonly kind: 'deploy-red'; readonly stage: string; readonly reason: string }
  | { readonly kind: 'retry'; readonly by: string; readonly note: string };

/** Counters and shas that live as long as the run. */
export interface Progress {
  /** The main-branch sha that the change is judged against; null before prepare. */
  readonly base: string | null;
  /** The newest sha of ours that is on the remote's main branch. */
  readonly pushed: string | null;
  /** Sessions opened so far: names the session workflow. */
  readonly openings: number;
  readonly rounds: number;
  readonly races: number;
  readonly fixes: number;
  /** Epoch milliseconds of the first red deploy of ours; starts the clock that never stops. */
  readonly firstRedAt: number | null;
}

export type RunState = { readonly progress: Progress } & (
  | { readonly stage: 'triage' }
  /** `redBase` remembers a red base already reported, so that nobody is called twice for one; `waiting` until main moves. */
  | { readonly stage: 'prepare'; readonly redBase: string | null; readonly waiting: boolean }
  | { readonly stage: 'implement'; readonly brief: Brief }
  | { readonly stage: 'verify'; readonly head: string }
  | { readonly stage: 'push'; readonly head: string; readonly mergeWith: string | null }
  | { readonly stage: 'watch'; readonly sha: string }
  | { readonly stage: 'fix'; readonly sha: string; readonly brief: Brief }
  | {
      readonly stage: 'frozen';
      readonly sha: string;
      readonly since: number;
      readonly reason: string;
      readonly proving: Resolution | null;
    }
  | { readonly stage: 'ended'; readonly outcome: Outcome; readonly reason: string }
);

export type Stage = RunState['stage'];

export interface Resolution {
  readonly by: string;
  readonly note: string;
  /** The person states that the change was reverted: then the head needs to be green, not to contain our commit. */
  readonly reverted: boolean;
}

export type RunEvent =
  | { readonly kind: 'accepted'; readonly plan: TriagePlan }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'not-eligible'; readonly reason: string }
  | { readonly kind: 'prepared'; readonly base: string }
  | { readonly kind: 'base-red'; readonly sha: string; readonly reason: string }
  | { readonly kind: 'head-moved' }
  | { readonly kind: 'submitted'; readonly head: string }
  | { readonly kind: 'gave-up'; readonly reason: string }
  | { readonly kind: 'exhausted'; readonly bound: string }
  | { readonly kind: 'proven' }
  | { readonly kind: 'refused'; readonly findings: readonly string[] }
  | { readonly kind: 'pushed'; readonly sha: string }
  | { readonly kind: 'raced'; readonly main: string }
  | { readonly kind: 'merged'; readonly head: string; readonly base: string }
  | { readonly kind: 'conflicts'; readonly main: string; readonly files: readonly string[] }
  | { readonly kind: 'green' }
  | { readonly kind: 'red'; readonly stage: string; readonly reason: string }
  /** The stage's work cannot be done and a person is needed: a broken contract, a policy rejection, a remote gone past its deadline. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The issue was closed or unlabelled by a person while the run was open. */
  | { readonly kind: 'withdrawn'; readonly reason: string }
  | { readonly kind: 'cancel'; readonly by: string; readonly note: string }
  | { readonly kind: 'escalate'; readonly by: string; readonly note: string }
  | { readonly kind: 'retry'; readonly by: string; readonly note: string }
  | { readonly kind: 'resolved'; readonly resolution: Resolution }
  | { readonly kind: 'abandon'; readonly by: string; readonly note: string }
  | { readonly kind: 'head-proven'; readonly sha: string }
  | { readonly kind: 'head-not-proven'; readonly reason: string };

/** What is due in a state. The workflow performs it and feeds the event that comes back to `next`. */
export type Work =
  | { readonly do: 'triage' }
  | { readonly do: 'prepare' }
  | { readonly do: 'await-head-move'; readonly from: string }
  | { readonly do: 'session'; readonly opening: number; readonly brief: Brief }
  | { readonly do: 'verify'; readonly base: string; readonly head: string }
  | { readonly do: 'push'; readonly head: string }
  | { readonly do: 'merge'; readonly head: string; readonly main: string; readonly patient: boolean }
  | { readonly do: 'watch'; readonly sha: string }
  | { readonly do: 'prove-head'; readonly sha: string; readonly resolution: Resolution }
  | { readonly do: 'await-unfreeze' };

/** What a transition owes the world; each is idempotent by (run, transition, index). */
export type RunEffect =
  | { readonly do: 'label'; readonly add: readonly string[]; readonly remove: readonly string[] }
  | { readonly do: 'comment'; readonly topic: 'needs-human' | 'frozen' | 'rejected' | 'base-red' | 'ended' }
  | { readonly do: 'close' }
  | { readonly do: 'release-slot' }
  | { readonly do: 'escalate'; readonly severity: 'low' | 'high'; readonly topic: string; readonly decision: string };

export const FRESH: RunState = {
  stage: 'triage',
  progress: { base: null, pushed: null, openings: 0, rounds: 0, races: 0, fixes: 0, firstRedAt: null },
};

export function workOf(state: RunState, bounds: { readonly races: number }): Work | null {
  switch (state.stage) {
    case 'triage':
      return { do: 'triage' };
    case 'prepare':
      return state.waiting && state.redBase !== null
        ? { do: 'await-head-move', from: state.redBase }
        : { do: 'prepare' };
    case 'implement':
    case 'fix':
      return { do: 'session', opening: state.progress.openings, brief: state.brief };
    case 'verify':
      return { do: 'verify', base: state.progress.base ?? '', head: state.head };
    case 'push':
      return state.mergeWith === null
        ? { do: 'push', head: state.head }
        : { do: 'merge', head: state.head, main: state.mergeWith, patient: state.progress.races > bounds.races };
    case 'watch':
      return { do: 'watch', sha: state.sha };
    case 'frozen':
      return state.proving === null
        ? { do: 'await-unfreeze' }
        : { do: 'prove-head', sha: state.sha, resolution: state.proving };
    case 'ended':
      return null;
  }
}
