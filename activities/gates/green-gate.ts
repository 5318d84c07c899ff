/** Green: all tests of the change pass on the change. The rules are in domain/gates/proof.ts. */
import { disagreements } from '../../domain/gates/outcome.ts';
import { judgeGreen, judgeKept, type ChangedTest } from '../../domain/gates/proof.ts';
import { refusedWaiver, waivedBy } from '../../domain/waivers.ts';
import { askAgain } from './ask-again.ts';
import { flakyOf, proofOf, shown, shownExcuses, unjudgedFinding, type GateResult } from './gate-result.ts';
import { checksFor } from './paths.ts';
import type { Verification } from './verification.ts';

/** Everything passes on the change, and what was red is now among it: twice, as it was red twice. */
export async function runGreen(
  verification: Verification,
  red: ReadonlyMap<string, readonly string[]>,
): Promise<GateResult> {
  const findings: string[] = [];
  const excused: ChangedTest[] = [];
  const runs: unknown[] = [];
  const again: unknown[] = [];
  let passed = 0;
  for (const check of checksFor(verification.contract, verification.files)) {
    const proof = proofOf(verification, check);
    const tree = { ...verification, check, sha: verification.head };
    const run = await verification.runOverTree(tree);
    runs.push(await shown(check, run));
    if (run.kind === 'unjudged') {
      findings.push(unjudgedFinding(check, 'your change', run));
      continue;
    }
    passed += run.outcomes.filter((one) => one.outcome === 'passed').length;
    findings.push(
      ...judgeGreen({
        check: check.name,
        outcomes: run.outcomes,
        flaky: new Set(proof.flaky),
        red: red.get(check.name) ?? [],
      }),
    );
    const kept = judgeKept({
      check: check.name,
      base: proof.outcomes,
      outcomes: run.outcomes,
      flaky: new Set(proof.flaky),
      changedTests: verification.changedTests,
      waivedBy: waivedBy(verification.waivers, 'tests-may-change'),
    });
    findings.push(...kept.findings);
    if (kept.findings.length > 0) findings.push(...refusedWaiver(verification.waivers, 'tests-may-change'));
    excused.push(...(await shownExcuses(kept.excused)));
    findings.push(...disagreements(run, check.minimum).map((lie) => `Check ${check.name}, on your change: ${lie}.`));
    const ids = red.get(check.name) ?? [];
    if (findings.length > 0 || ids.length === 0) continue;
    const asked = await askAgain(verification.runOverTree, tree, { ids, wanted: 'passed', where: 'your change' });
    findings.push(...asked.findings);
    again.push(asked.again);
  }
  return {
    findings,
    summary: findings[0] ?? `all ${passed} tests pass on the change`,
    body: { excused, flaky: flakyOf(verification), checks: runs, again },
    ids: new Map(),
    stop: false,
  };
}
