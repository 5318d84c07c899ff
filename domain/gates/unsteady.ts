/**
 * A test that fails by chance on the base and passes by chance on the change proves nothing. So what was red is asked once
 * more on the base, and once more on the change: twice the same, or it is not red. Pure.
 */
import { testIdText, type TestOutcome } from './outcome.ts';

export interface AskedTwice {
  readonly check: string;
  /** Ids that had the wanted outcome at the first look. */
  readonly ids: readonly string[];
  readonly wanted: 'failed' | 'passed';
  /** Where: the base or the change, in words. */
  readonly where: string;
  readonly again: readonly TestOutcome[];
}

/** Findings by id; ids with the same outcome twice have none. */
export function unsteady({ check, ids, wanted, where, again }: AskedTwice): ReadonlyMap<string, string> {
  const now = new Map(again.map((one) => [testIdText(one.id), one]));
  const found = new Map<string, string>();
  for (const id of ids) {
    const one = now.get(id);
    // What does not even load the second time did not fail by its assertion again.
    if (one?.outcome === wanted && one.failure !== 'load') continue;
    found.set(id, unsteadyFinding({ check, id, wanted, where, later: wordFor(one) }));
  }
  return found;
}

export function unsteadyFinding(look: {
  readonly check: string;
  readonly id: string;
  readonly wanted: AskedTwice['wanted'];
  readonly where: string;
  readonly later: string;
}): string {
  const first = look.wanted === 'failed' ? 'fails' : 'passes';
  return `Check ${look.check}: "${look.id}" has two outcomes on the same code: make it deterministic. On ${look.where} it ${first}, and asked again there it ${look.later}. Let it depend on nothing but the code: no clock, no chance, no order, nothing left by an earlier run.`;
}

function wordFor(one: TestOutcome | undefined): string {
  if (one === undefined) return 'is gone';
  if (one.failure === 'load') return 'does not load';
  return { passed: 'passes', failed: 'fails', skipped: 'is skipped' }[one.outcome];
}
