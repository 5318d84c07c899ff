/**
 * The life of a run as data: states, the events that move it, and the effects that a transition owes the world.
 * The state alone says what work is due (`workOf`), so a run rebuilt from its row goes on where it was.
 */
import { NO_GRANTS, type Grants } from './bounds.ts';
import type { Outcome } from './outcome.ts';
import type { DeployStage } from './verdict.ts';

/** What opens or re-opens the agent's session. `main`: where main stands and is to be merged first; null where it has not moved. */
export type Brief =
  | { readonly kind: 'implement' }
  | { readonly kind: 'gates-refused'; readonly findings: readonly string[] }
  | { readonly kind: 'conflict'; readonly main: string; readonly files: readonly string[] }
  | { readonly kind: 'deploy-red'; readonly red: Red; readonly main: string | null }
  | { readonly kind: 'retry'; readonly by: string; readonly note: string; readonly main: string | null }
  | { readonly kind: 'rejected'; readonly by: string; readonly note: string };

/** A red verdict of ours: what fix-forward is to turn green, and its red evidence. */
export interface Red {
  readonly sha: string;
  readonly stage: string;
  readonly reason: string;
}

/** Who said something, and why: `note` names the act, whose words stay in the store. */
export interface Said {
  readonly by: string;
  readonly note: string;
}

/** Counters, shas and decisions that live as long as the run. */
export interface Progress {
  /** The main-branch sha that the change is judged against; null before prepare. */
  readonly base: string | null;
  /** The newest sha of ours that is on the remote's main branch. */
  readonly pushed: string | null;
  /** Main before our first push: what was red there already is not ours. */
  readonly onto: string | null;
  /** Sessions opened so far: names the session workflow. */
  readonly openings: number;
  readonly rounds: number;
  readonly races: number;
  readonly fixes: number;
  /** Epoch milliseconds of the first red deploy of ours; starts the clock that never stops. */
  readonly firstRedAt: number | null;
  readonly red: Red | null;
  /** Milliseconds of session time. */
  readonly sessionMs: number;
  readonly granted: Grants;
  /** Whether each push waits for a person's approval: the contract's `push`, as the base has it. */
  readonly ask: boolean;
  /** All gates, but no push and no word on the issue. */
  readonly trial: boolean;
  /** Set while an operator holds the run. */
  readonly pause: (Said & { readonly since: number }) | null;
}

export type RunState = { readonly progress: Progress } & (
  | { readonly stage: 'triage' }
  /** `redBase` remembers a red base already reported, so that nobody is called twice for one; `waiting` until main moves. */
  | { readonly stage: 'prepare'; readonly redBase: string | null; readonly waiting: boolean }
  | { readonly stage: 'implement'; readonly brief: Brief }
  /** `redBase`: main came in between and is red without us; waits until it moves. */
  | { readonly stage: 'verify'; readonly head: string; readonly redBase: string | null }
  | { readonly stage: 'awaiting-approval'; readonly head: string; readonly since: number }
  | { readonly stage: 'push'; readonly head: string; readonly mergeWith: string | null }
  | { readonly stage: 'watch'; readonly sha: string }
  /**
   * `brief` null: whose red it is has not been judged yet. `redMain`: main with others' commits is red without us, and waited for.
   * `told`: a person was called for it. `asked`: a person's retry, which opens the session whatever the deploy says.
   */
  | {
      readonly stage: 'fix';
      readonly sha: string;
      readonly brief: Brief | null;
      readonly redMain: string | null;
      readonly told: boolean;
      readonly asked: Said | null;
    }
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
export type In<S extends Stage> = Extract<RunState, { stage: S }>;

export interface Resolution extends Said {
  /** The person states that the change was reverted: then the head needs to be green, not to contain our commit. */
  readonly reverted: boolean;
}

type SaidEvent<K extends string> = K extends string ? Said & { readonly kind: K } : never;

export type RunEvent =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'not-eligible'; readonly reason: string }
  | { readonly kind: 'prepared'; readonly base: string; readonly ask: boolean }
  | { readonly kind: 'base-red'; readonly sha: string; readonly reason: string }
  | { readonly kind: 'head-moved' }
  | { readonly kind: 'submitted'; readonly head: string }
  | { readonly kind: 'gave-up'; readonly reason: string }
  | { readonly kind: 'exhausted'; readonly bound: string }
  /** `ask`: the contract's `push` in the base that it was proven on; where nobody says, it stays as it was. */
  | { readonly kind: 'proven'; readonly ask?: boolean }
  | { readonly kind: 'refused'; readonly findings: readonly string[] }
  | { readonly kind: 'pushed'; readonly sha: string }
  | { readonly kind: 'raced'; readonly main: string }
  | { readonly kind: 'merged'; readonly head: string; readonly base: string }
  | { readonly kind: 'conflicts'; readonly main: string; readonly files: readonly string[] }
  /** Every stage that is declared for the sha is green: these. */
  | { readonly kind: 'green'; readonly proven: readonly DeployStage[] }
  | { readonly kind: 'red'; readonly stage: string; readonly reason: string }
  /** The red is ours: main is at `main`, with our commit in it. */
  | { readonly kind: 'main-ours'; readonly main: string }
  /** Others' commits on top of ours are red by themselves. */
  | { readonly kind: 'main-red'; readonly sha: string; readonly reason: string }
  /** A person has mended or reverted: what is declared for `sha`, which main is at, is green. */
  | { readonly kind: 'main-healthy'; readonly sha: string; readonly proven: readonly DeployStage[] }
  /** A person took back what we had pushed: main is at `main`, on what was there before us, and no longer holds `sha`. */
  | { readonly kind: 'taken-back'; readonly main: string; readonly sha: string }
  /** The time for fixing forward ran out in a wait. */
  | { readonly kind: 'overdue'; readonly reason: string }
  /** The stage's work cannot be done and a person is needed: a broken contract, a policy rejection, a remote gone past its deadline. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The issue was closed or unlabelled by a person while the run was open. */
  | { readonly kind: 'withdrawn'; readonly reason: string }
  | SaidEvent<'cancel' | 'escalate' | 'pause' | 'resume' | 'reject' | 'abandon'>
  | (SaidEvent<'approve'> & { readonly sha: string })
  | (SaidEvent<'grant'> & { readonly grants: Grants })
  | (SaidEvent<'retry'> & { readonly grants: Grants })
  | { readonly kind: 'resolved'; readonly resolution: Resolution }
  | { readonly kind: 'head-proven'; readonly sha: string; readonly proven: readonly DeployStage[] }
  | { readonly kind: 'head-not-proven'; readonly reason: string };

/** What a transition owes the world; each is idempotent by (run, transition, index). */
export type RunEffect =
  | { readonly do: 'label'; readonly add: readonly string[]; readonly remove: readonly string[] }
  | { readonly do: 'comment'; readonly topic: 'needs-human' | 'frozen' | 'rejected' | 'base-red' | 'ended' }
  | { readonly do: 'close' }
  | { readonly do: 'release-slot' }
  | { readonly do: 'escalate'; readonly severity: 'low' | 'high'; readonly topic: string; readonly decision: string };

export const FRESH: RunState = {
  stage: 'triage',
  progress: {
    base: null,
    pushed: null,
    onto: null,
    openings: 0,
    rounds: 0,
    races: 0,
    fixes: 0,
    firstRedAt: null,
    red: null,
    sessionMs: 0,
    granted: NO_GRANTS,
    ask: false,
    trial: false,
    pause: null,
  },
};
