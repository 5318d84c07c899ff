/** Asks once more for what was red. Only checks that have such tests are run again, and only one time each on base and change. */
import { testIdText } from '../../domain/gates/outcome.ts';
import { unsteady, unsteadyFinding, type AskedTwice } from '../../domain/gates/unsteady.ts';
import { strikeSecrets } from './secrets.ts';
import type { TreeRun, TreeRunInput } from './tree-run.ts';

export interface Asked {
  /** Ids that said the same twice. */
  readonly steady: readonly string[];
  readonly findings: readonly string[];
  /** Goes into the evidence: what each said the second time. */
  readonly again: unknown;
}

export async function askAgain(
  runOverTree: TreeRun,
  tree: TreeRunInput,
  { ids, wanted, where }: Pick<AskedTwice, 'ids' | 'wanted' | 'where'>,
): Promise<Asked> {
  const check = tree.check.name;
  if (ids.length === 0) return { steady: [], findings: [], again: null };
  const run = await runOverTree(tree);
  if (run.kind === 'unjudged') {
    const later = `gives no result: ${run.reason}`;
    const findings = ids.map((id) => unsteadyFinding({ check, id, wanted, where, later }));
    return { steady: [], findings, again: { check, ...run } };
  }
  const found = unsteady({ check, ids, wanted, where, again: run.outcomes });
  const said = new Map(run.outcomes.map((one) => [testIdText(one.id), one]));
  const outcomes = ids.map((id) => ({ id, outcome: said.get(id)?.outcome ?? 'gone' }));
  return {
    steady: ids.filter((id) => !found.has(id)),
    findings: await Promise.all([...found.values()].map(strikeSecrets)),
    again: { check, code: run.code, ms: run.ms, outcomes },
  };
}
