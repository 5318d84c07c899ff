/** What a run may use up, what people have granted on top, and what is left. Only a recorded grant raises a bound (invariant 7). */
import { usd, type MicroUsd } from './money.ts';
import type { RunBounds } from './run.ts';

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
