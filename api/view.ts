/** The shapes that the API answers with: rows of the store, folded for people. Times are epoch milliseconds, money is micro-dollars. */
import type { CapWindow } from '../domain/caps.ts';
import type { Refusal } from '../domain/eligibility.ts';
import type { Issue } from '../domain/issue.ts';
import type { UnfreezeWay } from '../domain/unfreeze-ways.ts';
import type {
  ActRow,
  EscalationRow,
  EffectClass,
  EventRow,
  EvidenceRow,
  QueuedRelease,
  RunRow,
  ToolResultRow,
  InputRow,
  TransitionRow,
  TurnRow,
} from '../store/port.ts';
import type { PartHealth } from './engine.ts';
import type { FixForwardView } from './fix-forward.ts';
import type { KillSwitchView } from './kill-switch.ts';

/** What an event stream carries, beside its snapshots. */
export type EventView = EventRow;

/** Where a run stands in the list: a person has to do something, Lamplighter is at work, or it is over. */
export type RunGroup = 'needs-you' | 'running' | 'done';

export interface RunSummary {
  readonly id: string;
  readonly repo: string;
  readonly repoName: string;
  readonly issue: number;
  readonly title: string;
  readonly group: RunGroup;
  readonly stage: RunRow['state']['stage'];
  readonly outcome: RunRow['outcome'];
  /** Why it is frozen, how it ended, what it waits for, or why it does not get on; null while it works. */
  readonly reason: string | null;
  /** Why it does not get on just now, though it is tried again by itself; it is the reason too where there is no other. */
  readonly trouble: string | null;
  /** The newest sha of ours: on main, or on its way there. */
  readonly sha: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

export interface EffectView {
  readonly key: string;
  readonly name: string;
  readonly class: EffectClass;
  readonly attempts: number;
  readonly done: boolean;
  readonly repeated: boolean;
}

/** `words`: what was asked for, such as `unfreeze: retry, granting $5.00`. */
export type ActView = ActRow & { readonly words: string };

/** What a person can do where a run stands still; `command` is to be copied as it is. */
export interface MoveView {
  readonly name: 'approve' | 'reject' | 'resume' | UnfreezeWay['name'];
  readonly what: string;
  readonly command: string;
}

export type EvidenceView = Omit<EvidenceRow, 'unit'> & { readonly run: string };

export interface RunView {
  readonly run: RunSummary & Pick<RunRow, 'release' | 'seq' | 'state' | 'plan' | 'bounds'>;
  readonly transitions: readonly TransitionRow[];
  readonly evidence: readonly EvidenceView[];
  readonly acts: readonly ActView[];
  /** Calls for a person, oldest first. */
  readonly escalations: readonly EscalationRow[];
  readonly effects: readonly EffectView[];
  readonly spend: {
    readonly runMicroUsd: number;
    readonly issueMicroUsd: number;
    readonly capMicroUsd: number;
    readonly turns: number;
  };
  /** Empty where nobody is waited for. */
  readonly moves: readonly MoveView[];
  /** Null while nothing of it was red once deployed. */
  readonly fixForward: FixForwardView | null;
  /** What waits for a person's approval, beginning of its diff included; null in every other stage. */
  readonly approval: {
    readonly head: string;
    readonly since: number;
    readonly diff: { readonly evidence: string; readonly text: string; readonly whole: boolean } | null;
  } | null;
  /** Reached caps that bind the run, while it is where the model is called. */
  readonly holds: readonly NoticeView[];
  readonly links: {
    readonly page: string;
    readonly temporal: string | null;
    /** What the CLI's commands need at their end to find this api: ` --data-dir …`, or nothing. */
    readonly commandPlace: string;
  };
}

export interface SessionView {
  readonly id: string;
  readonly at: number;
  readonly inputs: readonly InputRow[];
  readonly turns: readonly TurnRow[];
  readonly results: readonly ToolResultRow[];
}

export interface TranscriptView {
  readonly sessions: readonly SessionView[];
}

export type IssueView = Issue & { readonly repo: string; readonly repoName: string; readonly pickUp: PickUpView };

/** Whether a run may start of the issue as it is now. */
export interface PickUpView {
  /** Open and labelled: somebody wants it picked up. */
  readonly asked: boolean;
  /** The run that is at work on it. */
  readonly run: string | null;
  /** Every reason why not; empty: the next look at the tracker picks it up. */
  readonly refusals: readonly {
    readonly why: Refusal['why'] | 'cap';
    readonly text: string;
    readonly remedy: string;
  }[];
}

/** Something that keeps runs from starting, and what to do about it. */
export interface NoticeView {
  readonly text: string;
  readonly remedy: string;
}

/** A trial that was accepted. */
export interface TrialView {
  readonly id: string;
  /** The run that it becomes, when its lane is free. */
  readonly run: string;
  readonly repoName: string;
  readonly issue: number;
  readonly title: string;
  /** The run that holds the lane now. */
  readonly behind: string | null;
}

/** One cap in the window that is now. */
export interface CapView {
  readonly key: string;
  readonly window: CapWindow;
  /** Null: all repos together. */
  readonly repo: string | null;
  readonly repoName: string | null;
  readonly endsAt: number;
  readonly capMicroUsd: number;
  readonly raisedMicroUsd: number;
  readonly spentMicroUsd: number;
  readonly leftMicroUsd: number;
  readonly reached: boolean;
  readonly raises: readonly {
    readonly id: string;
    readonly microUsd: number;
    readonly by: string;
    readonly note: string;
    readonly at: number;
  }[];
}

export interface CapsView {
  readonly now: number;
  readonly caps: readonly CapView[];
}

/** Of a token everything but what it is known by. */
export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Who made it. */
  readonly by: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  /** To the minute. */
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

export interface QueueView {
  readonly queue: readonly QueuedRelease[];
}

export interface StatusView {
  readonly version: string;
  readonly node: string;
  readonly now: number;
  readonly killSwitch: KillSwitchView;
  /** Names of the repos that may be dispatched. */
  readonly allow: readonly string[];
  readonly repos: readonly { readonly key: string; readonly name: string; readonly allowed: boolean }[];
  readonly model: { readonly provider: string; readonly name: string };
  readonly openRuns: readonly RunSummary[];
  readonly queued: number;
  readonly notices: readonly NoticeView[];
  /** Those of the notices that are reached caps. */
  readonly holds: readonly NoticeView[];
  readonly links: { readonly temporal: string | null; readonly commandPlace: string };
  readonly ok: boolean;
  readonly parts: readonly PartHealth[];
}

/** A run that ended for a person stays in front of them this long. */
const CALL_SHOWN_MS = 7 * 24 * 60 * 60_000;

export function summaryOf(run: RunRow, now: number): RunSummary {
  return {
    id: run.id,
    repo: run.repo,
    repoName: run.repoName,
    issue: run.issue,
    title: run.title,
    group: groupOf(run, now),
    stage: run.state.stage,
    outcome: run.outcome,
    reason: reasonOf(run.state),
    trouble: null,
    sha: shaOf(run.state),
    createdAt: run.createdAt,
    updatedAt: run.updatedAt,
    endedAt: run.endedAt,
  };
}

function groupOf(run: RunRow, now: number): RunGroup {
  const { state } = run;
  if (state.progress.pause !== null) return 'needs-you';
  switch (state.stage) {
    case 'frozen':
      return state.proving === null ? 'needs-you' : 'running';
    case 'prepare':
      return state.waiting ? 'needs-you' : 'running';
    case 'verify':
      return state.redBase === null ? 'running' : 'needs-you';
    case 'fix':
      return state.redMain === null ? 'running' : 'needs-you';
    case 'awaiting-approval':
      return 'needs-you';
    case 'ended': {
      const calls = state.outcome === 'needs-human' || state.outcome === 'rejected';
      return calls && now - (run.endedAt ?? run.updatedAt) < CALL_SHOWN_MS ? 'needs-you' : 'done';
    }
    default:
      return 'running';
  }
}

function reasonOf(state: RunRow['state']): string | null {
  const { pause } = state.progress;
  if (state.stage === 'frozen' || state.stage === 'ended') return state.reason;
  if (pause !== null) return `paused by ${pause.by}: ${pause.note}`;
  if (state.stage === 'awaiting-approval') return `${state.head} passed every gate and waits for a person's approval`;
  if (isWaitingForMain(state)) return 'main is red without us: waiting until it moves';
  return mendingOf(state);
}

/** What a red deploy means for a run that still goes on. */
function mendingOf({ stage, progress, ...rest }: RunRow['state']): string | null {
  const { red, fixes } = progress;
  if (red === null || (stage === 'watch' && fixes === 0)) return null;
  const where = `${red.stage} of ${red.sha.slice(0, 10)}`;
  const judging = stage === 'fix' && 'brief' in rest && rest.brief === null;
  return judging ? `${where} is red: ${red.reason}` : `fix-forward attempt ${fixes}: ${where} was red`;
}

function isWaitingForMain(state: RunRow['state']): boolean {
  switch (state.stage) {
    case 'prepare':
      return state.waiting;
    case 'verify':
      return state.redBase !== null;
    case 'fix':
      return state.redMain !== null;
    default:
      return false;
  }
}

function shaOf(state: RunRow['state']): string | null {
  switch (state.stage) {
    case 'verify':
    case 'awaiting-approval':
    case 'push':
      return state.head;
    case 'watch':
    case 'fix':
    case 'frozen':
      return state.sha;
    default:
      return state.progress.pushed;
  }
}
