/** What one look of the watchdog saw: rows of the store, and what it asked of Temporal and of the disk. */
import type { Checkout } from '../checkout.ts';
import type { CapStanding } from '../caps.ts';
import type { RunBounds } from '../bounds.ts';
import type { RunState, Stage } from '../stage.ts';

export interface WatchedRun {
  readonly id: string;
  readonly repo: string;
  readonly repoName: string;
  readonly issue: number;
  readonly state: RunState;
  readonly bounds: RunBounds;
  /** Of the newest transition. */
  readonly stageAt: number;
  /** Of the newest event that shows work: a transition, a turn, a tool's result, evidence. */
  readonly progressAt: number;
  /** Since when it waits for main, however often main has moved and was red again. */
  readonly mainRedSince: number | null;
  /** Since when it stands in the line for a slot. */
  readonly slotSince: number | null;
  readonly unread: readonly {
    readonly id: string;
    readonly kind: string;
    readonly forSession: boolean;
    /** Ends what the run does, whatever that is. */
    readonly urgent: boolean;
    readonly at: number;
  }[];
  /** What all checks of the contract may take; null while nobody has read it. */
  readonly checksMs: number | null;
  /** What the deploy command may take. */
  readonly deployMs: number;
}

export interface WatchedLane {
  readonly repo: string;
  readonly repoName: string;
  /** Releases and trials in its queue. */
  readonly waiting: number;
  /** Why the tracker can't be read; null when it can. */
  readonly unreadable: string | null;
}

export interface WatchedWorker {
  /** Of its host. */
  readonly name: string;
  readonly at: number;
  /** It said goodbye. */
  readonly stopped: boolean;
}

export interface StuckWorkflow {
  readonly workflow: string;
  readonly run: string | null;
  readonly repo: string;
  /** Of its newest workflow task; Temporal counts its time anew with each. */
  readonly attempt: number;
}

export type TemporalLook =
  | {
      readonly ok: true;
      readonly stuck: readonly StuckWorkflow[];
      /** Open runs without an open workflow. */ readonly gone: readonly string[];
      /** Where the look had no time for all of its questions; of the others it says what the last look said. */
      readonly partial?: { readonly asked: number; readonly of: number };
    }
  | { readonly ok: false; readonly reason: string };

export interface Observation {
  readonly runs: readonly WatchedRun[];
  readonly lanes: readonly WatchedLane[];
  readonly workers: readonly WatchedWorker[];
  readonly checkouts: readonly Checkout[];
  readonly poller: { readonly at: number; readonly everyMs: number };
  readonly temporal: TemporalLook;
  readonly killSwitch: {
    readonly on: boolean;
    readonly by: string;
    /** Issues that it alone holds back. */ readonly holds: number;
  };
  /** Reached ones. */
  readonly caps: readonly CapStanding[];
  readonly disk: { readonly freeBytes: number; readonly place: string };
}

/** When the newest piece of evidence came that says what none before it said: another attempt at the same sha writes the like of it again. Oldest first. */
export function newEvidenceAt(
  rows: readonly { readonly kind: string; readonly sha: string | null; readonly at: number }[],
): number | null {
  const first = new Map<string, number>();
  for (const { kind, sha, at } of rows) {
    const said = JSON.stringify([kind, sha]);
    if (!first.has(said)) first.set(said, at);
  }
  return first.size === 0 ? null : Math.max(...first.values());
}

interface Moved {
  readonly stage: Stage;
  readonly cause: string;
  readonly at: number;
}

/** Events that leave a run waiting for main, or let it look again. */
const ROUND = new Set(['base-red', 'main-red', 'head-moved', 'pause', 'resume', 'grant', 'main-ours']);
const RED = new Set(['base-red', 'main-red']);

/** Where a wait for main began: a main that moves and is red again goes on with the same wait. Oldest first. */
export function mainRedSince(transitions: readonly Moved[]): number | null {
  const stage = transitions.at(-1)?.stage;
  let since: number | null = null;
  for (const one of transitions.toReversed()) {
    if (one.stage !== stage || !ROUND.has(one.cause)) break;
    if (RED.has(one.cause)) since = one.at;
  }
  return since;
}
