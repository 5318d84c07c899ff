/**
 * The store is the record; Temporal is the engine. One async interface, two adapters (SQLite, PostgreSQL), one
 * suite. Times are epoch milliseconds, money is whole micro-dollars, ids are strings unless said otherwise.
 * Methods that change what people watch append their event in the same transaction.
 */
import type { RequestedAct } from '../domain/act.ts';
import type { Recorded } from '../domain/transitions/called-away.ts';
import type { LabelEvent } from '../domain/issue.ts';
import type { MicroUsd, Usage } from '../domain/money.ts';
import type { TriagePlan } from '../domain/run.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { RunBounds } from '../domain/bounds.ts';
import type { Progress, RunEffect, RunState } from '../domain/stage.ts';
import type { Pool } from '../domain/pool.ts';
import type { Subject } from '../domain/unit.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Checkouts } from './checkouts-port.ts';
import type { Control, StoreJanitor } from './control-port.ts';
import type { Ledger } from './ledger-port.ts';
import type { Principal } from './principal.ts';
import type { Tokens } from './tokens-port.ts';
import type { Trials } from './trials-port.ts';

export interface Store {
  readonly runs: Runs;
  readonly queue: Queue;
  readonly trials: Trials;
  readonly tokens: Tokens;
  readonly acts: Acts;
  readonly events: Events;
  readonly sessions: Sessions;
  readonly ledger: Ledger;
  readonly capacity: Capacity;
  readonly checkouts: Checkouts;
  readonly effects: EffectLog;
  readonly evidence: EvidenceIndex;
  readonly escalations: Escalations;
  readonly control: Control;
  readonly janitor: StoreJanitor;
  close(): Promise<void>;
}

// --- runs -----------------------------------------------------------------------------------------------------

export interface NewRun {
  readonly id: string;
  readonly repo: string;
  readonly repoName: string;
  readonly issue: number;
  readonly title: string;
  readonly release: string;
  readonly bounds: RunBounds;
  /** What it begins with otherwise than other runs. */
  readonly start?: Partial<Pick<Progress, 'trial' | 'granted'>>;
  readonly at: number;
}

export interface RunRow extends Omit<NewRun, 'at' | 'start'> {
  readonly state: RunState;
  /** Number of the newest transition, from 0. */
  readonly seq: number;
  /** Effects that the newest transition owes; performed again, idempotently, when a run is rebuilt. */
  readonly effects: readonly RunEffect[];
  readonly plan: TriagePlan | null;
  readonly outcome: Outcome | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

export interface TransitionRow {
  readonly seq: number;
  readonly stage: RunState['stage'];
  readonly state: RunState;
  /** The event kind that caused it; `created` for seq 0. */
  readonly cause: string;
  readonly at: number;
}

export interface TransitionInput {
  readonly seq: number;
  readonly state: RunState;
  readonly effects: readonly RunEffect[];
  readonly cause: string;
  /** The act that it follows from: taken with it, in one transaction. */
  readonly act?: string;
  /** Only where no other act that moves the run waits to be taken: decided in one transaction with what people ask for. */
  readonly afterActs?: boolean;
  readonly at: number;
}

export type CreateRun =
  | { readonly created: true; readonly run: RunRow }
  /** The release was used before, or the repo has an open run: `by` is that run's id. */
  | { readonly created: false; readonly why: 'release-used' | 'lane-held'; readonly by: string };

export interface Runs {
  /** Unique by (repo, release); at most one open run a repo (invariants 1 and 2), decided in one transaction. Takes the release out of the queue. */
  create(run: NewRun): Promise<CreateRun>;
  get(id: string): Promise<RunRow | null>;
  /** Newest first. */
  list(filter: {
    readonly repo?: string;
    readonly issue?: number;
    readonly open?: boolean;
    /** Ended, and not all that its last transition owes is done. */
    readonly owing?: true;
    readonly limit?: number;
  }): Promise<RunRow[]>;
  usedReleases(repo: string): Promise<Set<string>>;
  /** Idempotent: triage's plan, kept beside the state so that no issue text enters workflow history. */
  setPlan(id: string, plan: TriagePlan): Promise<void>;
  /** Idempotent by (id, seq): a repeat of the newest changes nothing; a gap throws. */
  transition(id: string, input: TransitionInput): Promise<Recorded>;
  transitions(id: string): Promise<TransitionRow[]>;
  /** What the last transition of an ended run owes is done; until then the run owes it. A run that is open is left alone. */
  settled(id: string): Promise<void>;
  /** Of an ended run it is not known whether that was done: it owes it again. A run that is open is left alone. */
  owe(id: string): Promise<void>;
}

// --- the lane's queue -----------------------------------------------------------------------------------------

export interface QueuedRelease {
  readonly repo: string;
  readonly issue: number;
  readonly title: string;
  readonly priority: number;
  readonly release: LabelEvent;
}

export interface Queue {
  /** Replaces what waits in the repo's lane by this eligible set; says whether anything changed. Appends `queue.changed` when it did. */
  replace(repo: string, releases: readonly QueuedRelease[], at: number): Promise<{ readonly changed: boolean }>;
  /** In the lane's order. */
  waiting(repo: string): Promise<QueuedRelease[]>;
  repos(): Promise<string[]>;
}

export type { TrialRow, Trials } from './trials-port.ts';

// --- acts -----------------------------------------------------------------------------------------------------

export interface ActRow {
  readonly seq: number;
  readonly id: string;
  readonly run: string;
  readonly data: RequestedAct;
  readonly by: Principal;
  readonly note: string;
  readonly at: number;
  readonly takenAt: number | null;
}

export interface Acts {
  /** Unique by id. Null when the run has ended: nobody would take it any more. */
  add(act: Omit<ActRow, 'seq' | 'takenAt'>): Promise<ActRow | null>;
  unread(run: string): Promise<ActRow[]>;
  /** The first call marks it taken; later calls change nothing. */
  take(id: string, at: number): Promise<void>;
  list(run: string): Promise<ActRow[]>;
}

// --- events ---------------------------------------------------------------------------------------------------

export interface EventRow {
  /** In the order of commit: a reader that saw n has seen all up to n. What is missing between two was streamed text of a turn that is committed. */
  readonly seq: number;
  readonly at: number;
  /** A unit's subject, `repo/<key>`, `system`. */
  readonly subject: string;
  readonly kind: string;
  readonly data: unknown;
}

export interface Events {
  append(event: Omit<EventRow, 'seq'>): Promise<number>;
  after(seq: number, filter: { readonly subject?: string; readonly limit: number }): Promise<EventRow[]>;
  last(): Promise<number>;
  /** When the newest event of these kinds was; null while there is none. */
  newestAt(subject: string, kinds: readonly string[]): Promise<number | null>;
}

// --- sessions -------------------------------------------------------------------------------------------------

/** Content blocks as the Messages API has them, opaque to the store. */
export type Content = readonly unknown[];

export interface TurnRow {
  readonly session: string;
  /** From 1. */
  readonly turn: number;
  readonly content: Content;
  readonly stopReason: string;
  readonly model: string;
  readonly usage: Usage;
  readonly microUsd: MicroUsd;
  readonly at: number;
}

export interface ToolResultRow {
  readonly session: string;
  readonly turn: number;
  readonly toolUseId: string;
  readonly content: string;
  readonly isError: boolean;
  readonly at: number;
}

export interface InputRow {
  readonly session: string;
  readonly key: string;
  /** The turn that first sees it. */
  readonly beforeTurn: number;
  readonly text: string;
  readonly at: number;
}

export interface Transcript {
  readonly inputs: readonly InputRow[];
  readonly turns: readonly TurnRow[];
  readonly results: readonly ToolResultRow[];
}

/** How far a transcript was read. */
export interface Place {
  readonly turn: number;
  readonly input: number;
  readonly result: number;
}

export interface Sessions {
  /** Idempotent by id. `system` is the prompt, kept with the session so that a resumed one is the same one. */
  open(session: {
    readonly id: string;
    readonly unit: Subject;
    readonly system: string;
    readonly at: number;
  }): Promise<void>;
  get(
    id: string,
  ): Promise<{ readonly id: string; readonly unit: Subject; readonly system: string; readonly at: number } | null>;
  ofUnit(unit: Subject): Promise<string[]>;
  /** Idempotent by (session, key); lands before the next turn that has not been committed. */
  addInput(session: string, key: string, text: string, at: number): Promise<void>;
  /**
   * The first committed (session, turn) wins; answers with the row that stands. Appends `turn.committed` to the unit's events, and drops its text as
   * it streamed.
   */
  commitTurn(turn: TurnRow): Promise<{ readonly won: boolean; readonly row: TurnRow }>;
  /** The first result of a tool use wins; answers with the row that stands. Appends `tool.result`. */
  putResult(result: ToolResultRow): Promise<ToolResultRow>;
  transcript(session: string): Promise<Transcript>;
  /** What was written since `place`; null: all. Rows never change, so that whoever keeps them reads each once. */
  after(session: string, place: Place | null): Promise<{ readonly fresh: Transcript; readonly place: Place }>;
  /** Turns of all sessions of a unit. */
  countTurns(unit: Subject): Promise<number>;
}

// --- money: ledger-port.ts --------------------------------------------------------------------------------------

export type { CapRaise, Ledger, Reserve, Reserved } from './ledger-port.ts';
export type { Principal } from './principal.ts';
export type { TokenRow, Tokens } from './tokens-port.ts';
export type { Checkouts } from './checkouts-port.ts';

// --- capacity -------------------------------------------------------------------------------------------------

export interface Capacity {
  /**
   * Joins the one line (idempotent by unit) and says whether the slot is granted, in one transaction. Exactly first come, first served
   * inside a kind, and among the kinds that a slot is free for. `ahead`: who comes before it.
   */
  acquire(unit: Subject, pool: Pool, at: number): Promise<{ readonly granted: boolean; readonly ahead: number }>;
  /** Idempotent. */
  release(unit: Subject): Promise<void>;
  held(): Promise<SlotRow[]>;
  /** Who stands in the line without a slot, and since when. */
  waiting(): Promise<SlotRow[]>;
}

export interface SlotRow {
  readonly unit: Subject;
  readonly since: number;
}

// --- effects --------------------------------------------------------------------------------------------------

export type EffectClass = 'provable' | 'keyed' | 'at-least-once';

export type EffectStanding =
  | { readonly standing: 'new' }
  /** An intent without an outcome: an earlier attempt may or may not have acted. */
  | { readonly standing: 'unknown'; readonly attempts: number }
  | { readonly standing: 'done'; readonly result: unknown };

export interface EffectLog {
  /** Writes the intent. */
  begin(effect: {
    readonly key: string;
    readonly name: string;
    readonly class: EffectClass;
    readonly unit: Subject | null;
    readonly at: number;
  }): Promise<EffectStanding>;
  /** Idempotent: the first result stands. `repeated` marks an at-least-once effect that was done again after an unknown outcome. */
  done(key: string, result: unknown, repeated: boolean, at: number): Promise<void>;
  /** Nothing was begun, or the world said no, so there is no outcome to wait for: the intent is taken back, and an outcome that stands is left alone. */
  withdraw(key: string): Promise<void>;
  list(unit: Subject): Promise<
    {
      readonly key: string;
      readonly name: string;
      readonly class: EffectClass;
      readonly attempts: number;
      readonly done: boolean;
      readonly repeated: boolean;
    }[]
  >;
}

// --- evidence -------------------------------------------------------------------------------------------------

export const EVIDENCE_KINDS = [
  'triage',
  'base',
  'setup',
  'red',
  'regression',
  'green',
  'guard',
  'diff',
  'waiver',
  'bundle',
  'push',
  'build',
  'deploy',
  'rollout',
  'health',
  'prompt',
  'tool-output',
] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

export interface NewEvidence {
  /** Unique: the same key twice keeps the first. */
  readonly key: string;
  readonly unit: Subject;
  readonly kind: EvidenceKind;
  readonly sha: string | null;
  readonly verdict: Verdict | null;
  /** One sentence for lists. */
  readonly summary: string;
  readonly mediaType: string;
  /** Already redacted. */
  readonly body: string | Uint8Array;
  readonly at: number;
}

export interface EvidenceRow extends Omit<NewEvidence, 'body'> {
  readonly id: string;
  /** sha256 hex of the redacted blob. */
  readonly digest: string;
  readonly bytes: number;
}

export interface EvidenceIndex {
  put(evidence: NewEvidence): Promise<EvidenceRow>;
  get(id: string): Promise<EvidenceRow | null>;
  body(id: string): Promise<Uint8Array | null>;
  /** Oldest first. */
  list(unit: Subject): Promise<EvidenceRow[]>;
}

// --- escalations ----------------------------------------------------------------------------------------------

export interface EscalationRow {
  readonly key: string;
  readonly run: string | null;
  readonly repo: string | null;
  readonly severity: 'low' | 'high';
  readonly topic: string;
  readonly decision: string;
  readonly at: number;
  readonly deliveredAt: number | null;
}

export interface Escalations {
  /** Unique by key: raised once. Appends `escalation.raised`. */
  raise(escalation: Omit<EscalationRow, 'deliveredAt'>): Promise<{ readonly raised: boolean }>;
  delivered(key: string, at: number): Promise<void>;
  list(filter: { readonly run?: string; readonly undelivered?: boolean }): Promise<EscalationRow[]>;
}

// --- control: control-port.ts -----------------------------------------------------------------------------------

export type { Control, KillSwitch, StoreJanitor, Swept } from './control-port.ts';
