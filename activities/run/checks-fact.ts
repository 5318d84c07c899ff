import type { Contract } from '../../domain/contract.ts';

/** Where it is kept how long the checks of a run's contract may take: the watchdog can't read contracts. Milliseconds. */
export function checksFact(runId: string): `checks/${string}` {
  return `checks/${runId}`;
}

export function checksMs({ checks }: Pick<Contract, 'checks'>): number {
  return checks.reduce((sum, check) => sum + check.timeoutSeconds * 1000, 0);
}
