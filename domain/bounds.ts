/** What a run may use up, what people have granted on top, and what is left. Only a recorded grant raises a bound (invariant 7). */
import { usd, type MicroUsd } from './money.ts';

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

/** Added to the bounds of one run. Whole numbers, zero or more. */
export interface Grants {
  readonly microUsd: MicroUsd;
  readonly turns: number;
  /** Milliseconds of session time. */
  readonly sessionMs: number;
  /** Gate refusals that may go back to the session. */
  readonly rounds: number;
  /** Fix-forward attempts. */
  readonly fixes: number;
}

export const NO_GRANTS: Grants = { microUsd: 0, turns: 0, sessionMs: 0, rounds: 0, fixes: 0 };

export function addGrants(one: Grants, other: Grants): Grants {
  return {
    microUsd: one.microUsd + other.microUsd,
    turns: one.turns + other.turns,
    sessionMs: one.sessionMs + other.sessionMs,
    rounds: one.rounds + other.rounds,
    fixes: one.fixes + other.fixes,
  };
}

export function isNothing(grants: Grants): boolean {
  return Object.values(grants).every((value) => value === 0);
}

/** The bounds that hold for a run now. */
export function boundsWith(bounds: RunBounds, granted: Grants): RunBounds {
  return {
    ...bounds,
    issueMicroUsd: bounds.issueMicroUsd + granted.microUsd,
    turns: bounds.turns + granted.turns,
    sessionMs: bounds.sessionMs + granted.sessionMs,
    verifyRounds: bounds.verifyRounds + granted.rounds,
    fixAttempts: bounds.fixAttempts + granted.fixes,
  };
}

/** What a run has used up of what a session needs. */
export interface Used {
  readonly microUsd: MicroUsd;
  readonly turns: number;
  readonly sessionMs: number;
}

/** Null when a session could still work; else what is used up and how a person grants more. */
export function usedUp(bounds: RunBounds, used: Used): string | null {
  const spent: string[] = [];
  if (used.turns >= bounds.turns) spent.push(`${used.turns} of ${bounds.turns} turns (--turns)`);
  if (used.sessionMs >= bounds.sessionMs)
    spent.push(`${minutes(used.sessionMs)} of ${minutes(bounds.sessionMs)} minutes of session time (--minutes)`);
  if (used.microUsd >= bounds.issueMicroUsd)
    spent.push(`$${usd(used.microUsd).toFixed(2)} of $${usd(bounds.issueMicroUsd).toFixed(2)} (--usd)`);
  return spent.length === 0 ? null : `used up: ${spent.join(', ')}; grant more with it`;
}

/** One line for people, such as `$5.00, 20 turns`. */
export function grantsInWords(grants: Grants): string {
  const parts = [
    grants.microUsd > 0 ? `$${usd(grants.microUsd).toFixed(2)}` : '',
    grants.turns > 0 ? `${grants.turns} turns` : '',
    grants.sessionMs > 0 ? `${minutes(grants.sessionMs)} minutes` : '',
    grants.rounds > 0 ? `${grants.rounds} gate rounds` : '',
    grants.fixes > 0 ? `${grants.fixes} fix-forward attempts` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

function minutes(ms: number): number {
  return Math.round(ms / 60_000);
}
