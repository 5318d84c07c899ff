/** The activities as workflows see them: what each takes and gives. Implementations are in activities/, wired in workers/. */
import type { Recorded } from '../domain/transitions/called-away.ts';
import type { RunInput } from '../domain/run.ts';
import type { SessionEnd } from '../domain/session-end.ts';
import type { Brief, RunEffect, RunEvent, RunState } from '../domain/stage.ts';
import type { Subject } from '../domain/unit.ts';
import type { DeployStage } from '../domain/verdict.ts';

/** A person's act ends the work that was asked for: it is to be taken before anything else. */
export interface CalledAway {
  readonly kind: 'called-away';
}

/** Whether a piece of work may begin: people still want the issue, the kill switch is off, and there is a slot where it needs one. */
export type Admission =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'withdrawn'; readonly reason: string }
  | { readonly kind: 'held'; readonly by: string }
  | CalledAway;

/** What became of a transition; `admission` to the work that is due then is null where it is to be asked for apart. */
export interface Moved extends Recorded {
  readonly admission: Admission | null;
}

/** Anywhere: they touch the store, the tracker and the model, never a checkout. */
export interface ControlActivities {
  /** One look at every tracker, now. */
  pollRepos(): Promise<{ readonly poked: readonly string[] }>;
  /** Looks at each tracker again and again, until the end of a shift of hours; heartbeats. */
  keepPolling(): Promise<void>;
  openRun(input: { readonly repoKey: string }): Promise<RunInput | null>;
  /** Throws a benign, retryable failure until the run's row is terminal; a run that vanished is escalated once and goes on holding its lane. */
  awaitRunEnd(input: { readonly runId: string }): Promise<void>;

  /** Records it, does what it owes, and says whether the work that is due then may begin. */
  recordTransition(input: {
    readonly runId: string;
    readonly seq: number;
    readonly state: RunState;
    readonly effects: readonly RunEffect[];
    readonly cause: string;
    /** The act that it follows from: taken with it. */
    readonly act?: string;
  }): Promise<Moved>;
  /** What the newest transition of a rebuilt run owes. */
  settleTransition(input: { readonly runId: string; readonly seq: number }): Promise<Moved>;
  /** Of the work that is due. Throws a benign, retryable failure while it is held. */
  admit(input: { readonly runId: string }): Promise<Exclude<Admission, { kind: 'held' }>>;
  /**
   * The unread act of the run that comes first (an urgent one, else the oldest) as an event; null when there is none. It stays unread until its
   * transition is recorded, so that a crash between the two loses nothing.
   */
  takeAct(input: { readonly runId: string }): Promise<{ readonly act: string; readonly event: RunEvent } | null>;
  /** Of an act that moves nothing any more. */
  finishAct(input: { readonly act: string }): Promise<void>;
  /** Throws a benign, retryable failure until an act that moves the run is unread: a poke that was lost costs seconds, not the act. */
  awaitAct(input: { readonly runId: string }): Promise<void>;
  /** An unattributed signal from Temporal's own tools; honoured only where configuration allows. */
  recordSignal(input: { readonly runId: string; readonly id: string; readonly signal: OutsideSignal }): Promise<void>;
  triage(input: {
    readonly runId: string;
  }): Promise<
    | { readonly kind: 'accepted' }
    | { readonly kind: 'rejected'; readonly reason: string }
    | { readonly kind: 'failed'; readonly reason: string }
    | { readonly kind: 'exhausted'; readonly bound: string }
    | CalledAway
  >;
  modelTurn(input: {
    readonly unit: Subject;
    readonly sessionId: string;
    readonly elapsedMs: number;
  }): Promise<TurnStep>;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly replay: 'safe' | 'unsafe';
}

export type TurnStep =
  | { readonly kind: 'tools'; readonly turn: number; readonly calls: readonly ToolCall[] }
  /** The turn asked for nothing that can be done; the transcript says what comes next. */
  | { readonly kind: 'again' }
  | { readonly kind: 'ended'; readonly end: SessionEnd };

/** On the host that holds the repo's checkout. */
export interface RepoActivities {
  /** Before any money is spent: the issue may be worked on, the remote answers, and main's contract can be read. */
  readContract(input: {
    readonly runId: string;
  }): Promise<
    { readonly kind: 'read' } | Extract<RunEvent, { kind: 'failed' }> | Exclude<Admission, { kind: 'admitted' }>
  >;
  prepareRun(input: {
    readonly runId: string;
  }): Promise<Extract<RunEvent, { kind: 'prepared' | 'base-red' | 'failed' }> | CalledAway>;
  /** Throws a benign, retryable failure until main is no longer at `from`. */
  awaitHeadMove(input: {
    readonly runId: string;
    readonly from: string;
  }): Promise<{ readonly kind: 'moved' } | CalledAway>;
  verifyRun(input: {
    readonly runId: string;
    readonly base: string;
    readonly head: string;
  }): Promise<Extract<RunEvent, { kind: 'proven' | 'refused' | 'base-red' | 'failed' }> | CalledAway>;
  pushRun(input: {
    readonly runId: string;
    readonly head: string;
  }): Promise<Extract<RunEvent, { kind: 'pushed' | 'raced' | 'taken-back' | 'failed' }> | CalledAway>;
  mergeRun(input: {
    readonly runId: string;
    readonly head: string;
  }): Promise<Extract<RunEvent, { kind: 'merged' | 'conflicts' | 'taken-back' | 'failed' }> | CalledAway>;
  watchDeploy(input: {
    readonly runId: string;
    readonly sha: string;
  }): Promise<
    | Extract<RunEvent, { kind: 'green' }>
    | { readonly kind: 'red'; readonly stage: string; readonly reason: string }
    | { readonly kind: 'unwatchable'; readonly reason: string }
    | Extract<RunEvent, { kind: 'taken-back' }>
    | CalledAway
  >;
  /** Whose the red of `sha` is, as main stands now. `asked`: a person wants another session, whatever the deploy says. */
  judgeMain(input: {
    readonly runId: string;
    readonly sha: string;
    readonly asked: boolean;
  }): Promise<
    Extract<RunEvent, { kind: 'main-ours' | 'main-red' | 'main-healthy' | 'taken-back' | 'failed' }> | CalledAway
  >;
  proveHead(input: {
    readonly runId: string;
    readonly sha: string;
    readonly reverted: boolean;
  }): Promise<
    | { readonly kind: 'proven'; readonly sha: string; readonly proven: readonly DeployStage[] }
    | { readonly kind: 'not-proven'; readonly reason: string }
    | CalledAway
  >;
  openSession(input: {
    readonly unit: Subject;
    readonly opening: number;
    readonly brief: Brief;
  }): Promise<{ readonly sessionId: string }>;
  runTool(input: {
    readonly unit: Subject;
    readonly sessionId: string;
    readonly turn: number;
    readonly toolUseId: string;
  }): Promise<{ readonly kind: 'done' } | { readonly kind: 'ended'; readonly end: SessionEnd }>;
  recordInterrupted(input: {
    readonly unit: Subject;
    readonly sessionId: string;
    readonly turn: number;
    readonly toolUseId: string;
  }): Promise<{ readonly kind: 'done' } | { readonly kind: 'ended'; readonly end: SessionEnd } | null>;
}

/** What a person may send from Temporal Web or its CLI. */
export type OutsideSignal =
  | { readonly kind: 'escalate'; readonly note: string }
  | { readonly kind: 'unfreeze'; readonly way: string; readonly note: string };
