/** What a gate comes to, and what the gates that run tests share. */
import type { Check } from '../../domain/contract.ts';
import type { CheckProof } from './base-proof.ts';
import type { CheckRun } from './check-run.ts';
import type { Verification } from './verification.ts';
import { strikeOutcomes, strikeSecrets } from './secrets.ts';
import { headOf, tailOf } from '../../domain/text.ts';
import type { ChangedTest } from '../../domain/gates/proof.ts';

export interface GateResult {
  readonly findings: readonly string[];
  readonly summary: string;
  /** Goes into the evidence. */
  readonly body: Readonly<Record<string, unknown>>;
  /** By check, the ids that were red. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
  /** Later gates would say nothing more. */
  readonly stop: boolean;
  /** A person lifted this gate: there is no verdict. */
  readonly notAsked?: true;
}

export function proofOf(verification: Verification, check: Check): CheckProof {
  const proof = verification.proof.checks.find((one) => one.name === check.name);
  if (proof === undefined)
    throw new Error(
      `the base proof of ${verification.base} has no check ${check.name}: it was made for another contract`,
    );
  return proof;
}

export function lastLines(log: string): string {
  return tailOf(log.trim().split('\n').slice(-8).join('\n'), 400);
}

export async function shown(check: Check, run: CheckRun): Promise<object> {
  if (run.kind === 'unjudged') return { check: check.name, ...run };
  return { check: check.name, ...run, outcomes: await strikeOutcomes(run.outcomes) };
}

export async function shownExcuses(excused: readonly ChangedTest[]): Promise<ChangedTest[]> {
  return await Promise.all(
    excused.map(async ({ id, reason }) => ({ id, reason: await strikeSecrets(headOf(reason, 1_000)) })),
  );
}

export function flakyOf(verification: Verification): readonly string[] {
  return verification.proof.checks.flatMap((one) => one.flaky);
}

export function unjudgedFinding(check: Check, what: string, run: Extract<CheckRun, { kind: 'unjudged' }>): string {
  const log = lastLines(run.log);
  return `Check ${check.name}, ${what}: ${run.reason}.${log === '' ? '' : ` The last lines were: ${log}`}`;
}
