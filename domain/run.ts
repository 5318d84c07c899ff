import type { RunBounds } from './bounds.ts';
import type { RunEffect, RunState } from './stage.ts';

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
  /** What drives the model of its session, by its name in workflows/executors.ts; the built-in one where it says none. */
  readonly executor?: string;
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
export function runOfWorkflow(workflowId: string): string {
  return workflowId.slice(runWorkflowId('').length);
}
export function laneWorkflowId(repoKey: string): string {
  return `lane/${repoKey}`;
}
export function sessionWorkflowId(runId: string, opening: number): string {
  return `session/${runId}/${opening}`;
}
