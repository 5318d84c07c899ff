/** Regression: the base's own tests on the change; what passed on the base passes still. The rules are in domain/gates/proof.ts. */
import { disagreements } from '../../domain/gates/outcome.ts';
import { judgeRegression, type ChangedTest } from '../../domain/gates/proof.ts';
import { refusedWaiver, waivedBy } from '../../domain/waivers.ts';
import { runBaseTests } from './base-tests.ts';
import { flakyOf, proofOf, shown, shownExcuses, unjudgedFinding, type GateResult } from './gate-result.ts';
import { anyTestRule, checksFor, touchedPaths } from './paths.ts';
import type { Verification } from './verification.ts';

/** The base's own tests on the change: a test that it deleted or rewrote is back as it was. */
export async function runRegression(verification: Verification): Promise<GateResult> {
  const paths = verification.files.flatMap(touchedPaths).filter(anyTestRule(verification.contract));
  const findings: string[] = [];
  const excused: ChangedTest[] = [];
  const runs: unknown[] = [];
  let stop = false;
  for (const check of checksFor(verification.contract, verification.files)) {
    const proof = proofOf(verification, check);
    const { run, unloaded } = await runBaseTests(verification, check, { restored: paths, proof });
    runs.push({ ...(await shown(check, run)), unloaded });
    if (run.kind === 'unjudged') {
      findings.push(unjudgedFinding(check, "the base's own tests on your change", run));
      stop = true;
      continue;
    }
    const judged = judgeRegression({
      check: check.name,
      base: proof.outcomes,
      after: run.outcomes,
      flaky: new Set(proof.flaky),
      changedTests: verification.changedTests,
      waivedBy: waivedBy(verification.waivers, 'tests-may-change'),
    });
    findings.push(...judged.findings);
    if (judged.findings.length > 0) findings.push(...refusedWaiver(verification.waivers, 'tests-may-change'));
    excused.push(...(await shownExcuses(judged.excused)));
    // The base's tests may be fewer than the minimum asks for once some are excused, so only green counts them.
    findings.push(
      ...disagreements(run, 0).map((lie) => `Check ${check.name}, the base's own tests on your change: ${lie}.`),
    );
  }
  return {
    findings,
    summary:
      findings[0] ??
      `what passed on the base passes on the change${excused.length > 0 ? `, but for ${excused.length} listed with a reason` : ''}`,
    body: { restored: paths, excused, flaky: flakyOf(verification), checks: runs },
    ids: new Map(),
    stop,
  };
}
