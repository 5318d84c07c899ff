import type { MicroUsd } from './money.ts';
import type { RunEffect, RunState } from './stage.ts';

/** How far a run may go, captured in its input so that a later change of configuration can't change a run in flight (invariant 14). */
export interface RunBounds {
  /** Gate failures that may go back to the session. */
  readonly verifyRounds: number;
  /** Model turns over the run's whole life. */
  readonly turns: number;
  /** Milliseconds of session time over the run's whole life. */
  readonly sessionMs: number;
  /** Money per issue, summed over all its runs (invariant 7). */
  readonly issueMicroUsd: MicroUsd;
  /** Pushes lost to somebody who landed first before the run waits longer. */
  readonly races: number;
  /** Fix-forward attempts after a red deploy, and the milliseconds from the first red in which they may start. */
  readonly fixAttempts: number;
  readonly fixMs: number;
  /** How long a watch may stay pending before it is red by deadline. */
  readonly watchMs: number;
}

export const DEFAULT_BOUNDS: RunBounds = {
  verifyRounds: 5,
  turns: 300,
  sessionMs: 2 * 60 * 60_000,
  issueMicroUsd: 100_000_000,
  races: 3,
  fixAttempts: 5,
  fixMs: 60 * 60_000,
  watchMs: 60 * 60_000,
};

export const OUTCOMES = [
  'shipped',
  'needs-human',
  'abandoned',
  'cancelled',
  'rejected',
  'superseded',
  /** A trial whose gates all passed: nothing was pushed. */
  'tried',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What triage made of the issue. */
export interface TriagePlan {
  readonly acceptanceCriteria: readonly string[];
  readonly testPlan: string;
  readonly risks: readonly string[];
}

/** The workflow's input: everything else is read from the store by id. */
export interface RunInput {
  readonly runId: string;
  readonly repoKey: string;
  readonly repoName: string;
  readonly issue: number;
  readonly title: string;
  readonly bounds: RunBounds;
  /** Seconds of silence after which a worker's activity is given to another. */
  readonly heartbeatSeconds: number;
  /** Where a person reads this run. */
  readonly pageUrl: string;
  /** Where a rebuilt run goes on (`lamplighter recover`); absent for a new one. */
  readonly resume?: { readonly state: RunState; readonly seq: number; readonly effects: readonly RunEffect[] };
}

/** What a run of a trial is for, in the place of a label's event. */
export function trialRelease(id: string): string {
  return `try/${id}`;
}
export function runWorkflowId(runId: string): string {
  return `run/${runId}`;
}
export function laneWorkflowId(repoKey: string): string {
  return `lane/${repoKey}`;
}
export function sessionWorkflowId(runId: string, opening: number): string {
  return `session/${runId}/${opening}`;
}
