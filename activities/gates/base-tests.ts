/** The base's own tests over the change: a test that it deleted or rewrote is back as it was. */
import type { Check } from '../../domain/contract.ts';
import { testIdText } from '../../domain/gates/outcome.ts';
import { unloadablePaths } from '../../domain/gates/unloadable.ts';
import type { CheckProof } from './base-proof.ts';
import type { CheckRun } from './check-run.ts';
import type { Verification } from './verification.ts';

export interface BaseTestsRun {
  readonly run: CheckRun;
  /** Test files of the base that do not load on the change, so that `run` was made without them: their tests count as gone. */
  readonly unloaded: readonly string[];
}

/**
 * With some runners one file that does not load stops all. Then they run once more without it, so that what it tests is gone
 * and nothing else is. What the change has in its place stays away as well: the base's tests are asked here, not its own.
 */
export async function runBaseTests(
  verification: Verification,
  check: Check,
  { restored, proof }: { readonly restored: readonly string[]; readonly proof: CheckProof },
): Promise<BaseTestsRun> {
  const tree = { ...verification, check, sha: verification.head, overlay: { sha: verification.base, paths: restored } };
  const first = { run: await verification.runOverTree(tree), unloaded: [] };
  if (first.run.kind === 'unjudged') return first;
  const seen = new Set(first.run.outcomes.map((one) => testIdText(one.id)));
  const unloaded = unloadablePaths(first.run.outcomes, restored, check.dir);
  const lost = proof.outcomes.some((one) => one.outcome === 'passed' && !seen.has(testIdText(one.id)));
  if (!lost || unloaded.length === 0) return first;
  const run = await verification.runOverTree({ ...tree, without: unloaded });
  // Nothing is left to run: then the first run says all there is to say.
  return run.kind === 'unjudged' || run.outcomes.length === 0 ? first : { run, unloaded };
}
