import type { Principal } from './principal.ts';

export interface TrialRow {
  readonly id: string;
  readonly repo: string;
  readonly issue: number;
  readonly title: string;
  readonly by: Principal;
  readonly at: number;
}

export interface Trials {
  /** Idempotent by id: answers with the trial that stands. */
  ask(trial: TrialRow): Promise<TrialRow>;
  /** Those that no run has used up, oldest first. */
  waiting(repo: string): Promise<TrialRow[]>;
}
