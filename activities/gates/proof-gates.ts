/** Regression and green: which tree each runs, and what its reports come to. The rules are in domain/gates/proof.ts, red is in red-gate.ts. */
import type { Check } from '../../domain/contract.ts';
import { disagreements } from '../../domain/gates/outcome.ts';
import { judgeGreen, judgeKept, judgeRegression, type ChangedTest } from '../../domain/gates/proof.ts';
import { refusedWaiver, waivedBy } from '../../domain/waivers.ts';
import { runBaseTests } from './base-tests.ts';
import type { CheckRun } from './check-run.ts';
import { lastLines, proofOf, shown, type GateResult } from './gate-result.ts';
import type { Verification } from './verification.ts';
import { anyTestRule, checksFor, touchedPaths } from './paths.ts';
import { askAgain } from './second-look.ts';
import { strikeSecrets } from './secrets.ts';
import { headOf } from '../../domain/text.ts';

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

async function shownExcuses(excused: readonly ChangedTest[]): Promise<ChangedTest[]> {
  return await Promise.all(
    excused.map(async ({ id, reason }) => ({ id, reason: await strikeSecrets(headOf(reason, 1_000)) })),
  );
}

function flakyOf(verification: Verification): readonly string[] {
  return verification.proof.checks.flatMap((one) => one.flaky);
}

function unjudgedFinding(check: Check, what: string, run: Extract<CheckRun, { kind: 'unjudged' }>): string {
  const log = lastLines(run.log);
  return `Check ${check.name}, ${what}: ${run.reason}.${log === '' ? '' : ` The last lines were: ${log}`}`;
}
