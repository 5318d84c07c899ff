/** Red: the change's tests on the base, where one must fail for want of the change. The rules are in domain/gates/proof.ts. */
import type { Check } from '../../domain/contract.ts';
import { declaresPackages } from '../../domain/gates/manifests.ts';
import { disagreements } from '../../domain/gates/outcome.ts';
import { buildRedFinding, judgeHollow, judgeRed, type RedInput, type RedJudgement } from '../../domain/gates/proof.ts';
import type { ChangedFile, RepoGit } from '../git/port.ts';
import type { CheckProof } from './base-proof.ts';
import type { CheckRun } from './check-run.ts';
import { lastLines, proofOf, shown, type GateResult } from './gate-result.ts';
import type { Verification } from './verification.ts';
import { hollowFiles } from './hollow-base.ts';
import { anyTestRule, checksFor, isSnapshot, testRule, touchedPaths } from './paths.ts';
import { askAgain } from './ask-again.ts';
import type { TreeRunInput } from './tree-run.ts';

/** The change's test files on the base: at least one test must fail for want of the change. */
export async function runRed(verification: Verification, git: Pick<RepoGit, 'readFile'>): Promise<GateResult> {
  const isTest = anyTestRule(verification.contract);
  const missing = whatIsMissing(verification.files, isTest);
  if (missing !== null) return { findings: [missing], summary: missing, body: {}, ids: new Map(), stop: true };
  const paths = verification.files.flatMap(touchedPaths).filter(isTest);
  const judged: AskedTwice[] = [];
  for (const check of checksFor(verification.contract, verification.files)) {
    if (paths.some(testRule(check)))
      judged.push(await askedTwice(verification, await judgeCheck(verification, check, paths, git)));
  }
  const red = judged.filter(({ judgement }) => judgement.ids.length > 0);
  const ids = new Map(red.map(({ name, judgement }) => [name, judgement.ids]));
  const count = red.reduce((sum, { judgement }) => sum + judgement.ids.length, 0);
  const weak = red.length > 0 && red.every(({ judgement }) => judgement.kind === 'build-red');
  const findings = judged.flatMap(({ unsteady }) => unsteady);
  if (red.length === 0) findings.push(...judged.flatMap(({ judgement }) => judgement.findings));
  if (judged.length === 0)
    findings.push(
      'No check of the contract covers your test files: put them where one of its globs matches and its `when` holds.',
    );
  const how = weak ? 'with empty functions in place of what they import (build-red: weak)' : 'as they should';
  return {
    findings,
    summary: findings[0] ?? `${count} new or changed tests fail on the base, ${how}`,
    body: {
      tests: paths,
      weak,
      checks: judged.map(({ name, judgement, run, hollow, again }) => ({
        name,
        kind: judgement.kind,
        red: judgement.ids,
        run,
        ...(hollow === null ? {} : { hollow }),
        ...(again === null ? {} : { again }),
      })),
    },
    ids,
    stop: false,
  };
}

interface JudgedRed {
  readonly name: string;
  readonly judgement: RedJudgement;
  readonly run: unknown;
  /** The run on the hollow base; null where none was needed. */
  readonly hollow: unknown;
  /** The tree whose run decided. */
  readonly tree: TreeRunInput;
}

interface AskedTwice extends JudgedRed {
  /** Findings of tests that were red once only. */
  readonly unsteady: readonly string[];
  readonly again: unknown;
}

async function askedTwice(verification: Verification, first: JudgedRed): Promise<AskedTwice> {
  const { ids } = first.judgement;
  const asked = await askAgain(verification.runOverTree, first.tree, { ids, wanted: 'failed', where: 'the base' });
  const judgement = { ...first.judgement, ids: asked.steady };
  return { ...first, judgement, unsteady: asked.findings, again: asked.again };
}

async function judgeCheck(
  verification: Verification,
  check: Check,
  paths: readonly string[],
  git: Pick<RepoGit, 'readFile'>,
): Promise<JudgedRed> {
  const proof = proofOf(verification, check);
  const onBase = { ...verification, check, sha: verification.base, overlay: { sha: verification.head, paths } };
  const run = await verification.runOverTree(onBase);
  const first = redOf(check, proof, run, judgeRed);
  const plain = { name: check.name, judgement: first, run: await shown(check, run), hollow: null, tree: onBase };
  // What hung would do so again, and for other reasons than a name that is missing. A setup that builds the tests too may miss one.
  const loadless = run.kind === 'reported' || ['no-report', 'unreadable', 'setup-failed'].includes(run.why);
  if (first.kind !== 'build-red' || !loadless) return plain;
  const installed = withManifests(verification, onBase, paths);
  if (installed !== null) {
    const again = await verification.runOverTree(installed);
    const judgement = redOf(check, proof, again, judgeRed);
    if (judgement.kind !== 'build-red') return { ...plain, judgement, run: await shown(check, again), tree: installed };
  }
  const written = await hollowFiles(verification, paths, git);
  if (written.size === 0) return plain;
  const tree = { ...(installed ?? onBase), written };
  const hollow = await verification.runOverTree(tree);
  const judgement = redOf(check, proof, hollow, (input) => judgeHollow(input, first.findings));
  return { ...plain, judgement, hollow: { files: [...written.keys()], run: await shown(check, hollow) }, tree };
}

/**
 * With the change's manifests and lockfiles: a test may need a package that the change adds. Only where it does not load
 * without, because a newer package may be all that the change is. Null where it touches none.
 */
function withManifests(verification: Verification, tree: TreeRunInput, tests: readonly string[]): TreeRunInput | null {
  const manifests = verification.files
    .flatMap(touchedPaths)
    .filter((path) => declaresPackages(path) && !tests.includes(path));
  if (manifests.length === 0) return null;
  return { ...tree, overlay: { sha: verification.head, paths: [...tests, ...manifests] } };
}

function whatIsMissing(files: readonly ChangedFile[], isTest: (path: string) => boolean): string | null {
  const tests = files.some((file) => file.status !== 'deleted' && isTest(file.path));
  const snapshots = files.every((file) => file.status === 'deleted' || !isTest(file.path) || isSnapshot(file.path));
  const code = files.some((file) => touchedPaths(file).some((path) => !isTest(path)));
  if (!tests)
    return 'Your change adds or changes no test: write a test that fails on the base for want of your change, and commit it with the change. Where no test could tell, give up and say so: a person can waive this, you cannot.';
  if (snapshots)
    return 'Your change touches snapshots only among its tests, and a snapshot says what came out, not what should: write a test with an assertion that fails on the base for want of your change.';
  if (!code)
    return 'Your change touches tests only and no production code: the issue asks for behaviour, so commit the change that makes your tests pass.';
  return null;
}

function redOf(check: Check, proof: CheckProof, run: CheckRun, judge: (input: RedInput) => RedJudgement): RedJudgement {
  if (run.kind === 'unjudged') {
    const findings = [buildRedFinding(check.name, 'the test run', `${run.reason}\n${lastLines(run.log)}`)];
    return { kind: 'build-red', ids: [], findings };
  }
  const judgement = judge({
    check: check.name,
    base: proof.outcomes,
    overlaid: run.outcomes,
    flaky: new Set(proof.flaky),
  });
  // A report that hides failures, or shows some beside exit code 0, proves nothing either way.
  const lies = disagreements(run, 0);
  if (lies.length === 0) return judgement;
  return {
    kind: 'not-red',
    ids: [],
    findings: lies.map((lie) => `Check ${check.name}, your tests on the base: ${lie}.`),
  };
}
