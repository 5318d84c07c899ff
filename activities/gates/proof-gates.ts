/** Red, regression and green: which tree each runs, and what its reports come to. The rules are in domain/gates/proof.ts. */
import type { Check } from '../../domain/contract.ts';
import { hollowText } from '../../domain/gates/hollow.ts';
import { disagreements } from '../../domain/gates/outcome.ts';
import {
  buildRedFinding,
  judgeGreen,
  judgeHollow,
  judgeKept,
  judgeRed,
  judgeRegression,
  type ChangedTest,
  type RedInput,
  type RedJudgement,
} from '../../domain/gates/proof.ts';
import { refusedWaiver, waivedBy } from '../../domain/waivers.ts';
import type { ChangedFile, RepoGit } from '../git/port.ts';
import { runBaseTests } from './base-tests.ts';
import type { CheckProof } from './base-proof.ts';
import type { CheckRun } from './check-run.ts';
import type { Trial } from './gates.ts';
import { anyTestRule, checksFor, isSnapshot, testRule, touchedPaths } from './paths.ts';
import { askAgain } from './second-look.ts';
import { strikeOutcomes, strikeSecrets } from './secrets.ts';
import { declaresPackages } from './setup-cache.ts';
import type { TreeRunInput } from './tree-run.ts';

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

/** The change's test files on the base: at least one test must fail for want of the change. */
export async function runRed(trial: Trial, git: Pick<RepoGit, 'readFile'>): Promise<GateResult> {
  const isTest = anyTestRule(trial.contract);
  const missing = whatIsMissing(trial.files, isTest);
  if (missing !== null) return { findings: [missing], summary: missing, body: {}, ids: new Map(), stop: true };
  const paths = trial.files.flatMap(touchedPaths).filter(isTest);
  const judged: AskedTwice[] = [];
  for (const check of checksFor(trial.contract, trial.files)) {
    if (paths.some(testRule(check))) judged.push(await askedTwice(trial, await judgeCheck(trial, check, paths, git)));
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

async function askedTwice(trial: Trial, first: JudgedRed): Promise<AskedTwice> {
  const { ids } = first.judgement;
  const asked = await askAgain(trial.runOverTree, first.tree, { ids, wanted: 'failed', where: 'the base' });
  const judgement = { ...first.judgement, ids: asked.steady };
  return { ...first, judgement, unsteady: asked.findings, again: asked.again };
}

async function judgeCheck(
  trial: Trial,
  check: Check,
  paths: readonly string[],
  git: Pick<RepoGit, 'readFile'>,
): Promise<JudgedRed> {
  const proof = proofOf(trial, check);
  const onBase = { ...trial, check, sha: trial.base, overlay: { sha: trial.head, paths }, trusted: false };
  const run = await trial.runOverTree(onBase);
  const first = redOf(check, proof, run, judgeRed);
  const plain = { name: check.name, judgement: first, run: await shown(check, run), hollow: null, tree: onBase };
  // What hung or could not be set up would do so again, and for other reasons than a name that is missing.
  const loadless = run.kind === 'reported' || run.why === 'no-report' || run.why === 'unreadable';
  if (first.kind !== 'build-red' || !loadless) return plain;
  const installed = withManifests(trial, onBase, paths);
  if (installed !== null) {
    const again = await trial.runOverTree(installed);
    const judgement = redOf(check, proof, again, judgeRed);
    if (judgement.kind !== 'build-red') return { ...plain, judgement, run: await shown(check, again), tree: installed };
  }
  const written = await hollowFiles(trial, paths, git);
  if (written.size === 0) return plain;
  const tree = { ...(installed ?? onBase), written };
  const hollow = await trial.runOverTree(tree);
  const judgement = redOf(check, proof, hollow, (input) => judgeHollow(input, first.findings));
  return { ...plain, judgement, hollow: { files: [...written.keys()], run: await shown(check, hollow) }, tree };
}

/**
 * With the change's manifests and lockfiles: a test may need a package that the change adds. Only where it does not load
 * without, because a newer package may be all that the change is. Null where it touches none.
 */
function withManifests(trial: Trial, tree: TreeRunInput, tests: readonly string[]): TreeRunInput | null {
  const manifests = trial.files.flatMap(touchedPaths).filter((path) => declaresPackages(path) && !tests.includes(path));
  if (manifests.length === 0) return null;
  return { ...tree, overlay: { sha: trial.head, paths: [...tests, ...manifests] } };
}

/** Production files of the change as the base has them, with empty shells of the names that the change adds. */
async function hollowFiles(
  { base, head, files }: Trial,
  tests: readonly string[],
  git: Pick<RepoGit, 'readFile'>,
): Promise<ReadonlyMap<string, string>> {
  const written = new Map<string, string>();
  for (const { path, status } of files) {
    if (status === 'deleted' || tests.includes(path)) continue;
    const after = await git.readFile(head, path);
    if (after === null) continue;
    const text = hollowText({ path, before: await git.readFile(base, path), after });
    if (text !== null) written.set(path, text);
  }
  return written;
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

/** The base's own tests on the change: a test that it deleted or rewrote is back as it was. */
export async function runRegression(trial: Trial): Promise<GateResult> {
  const paths = trial.files.flatMap(touchedPaths).filter(anyTestRule(trial.contract));
  const findings: string[] = [];
  const excused: ChangedTest[] = [];
  const runs: unknown[] = [];
  let stop = false;
  for (const check of checksFor(trial.contract, trial.files)) {
    const proof = proofOf(trial, check);
    const { run, unloaded } = await runBaseTests(trial, check, { restored: paths, proof });
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
      changedTests: trial.changedTests,
      waivedBy: waivedBy(trial.waivers, 'tests-may-change'),
    });
    findings.push(...judged.findings);
    if (judged.findings.length > 0) findings.push(...refusedWaiver(trial.waivers, 'tests-may-change'));
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
    body: { restored: paths, excused, flaky: flakyOf(trial), checks: runs },
    ids: new Map(),
    stop,
  };
}

/** Everything passes on the change, and what was red is now among it: twice, as it was red twice. */
export async function runGreen(trial: Trial, red: ReadonlyMap<string, readonly string[]>): Promise<GateResult> {
  const findings: string[] = [];
  const excused: ChangedTest[] = [];
  const runs: unknown[] = [];
  const again: unknown[] = [];
  let passed = 0;
  for (const check of checksFor(trial.contract, trial.files)) {
    const proof = proofOf(trial, check);
    const tree = { ...trial, check, sha: trial.head, trusted: false };
    const run = await trial.runOverTree(tree);
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
      changedTests: trial.changedTests,
      waivedBy: waivedBy(trial.waivers, 'tests-may-change'),
    });
    findings.push(...kept.findings);
    if (kept.findings.length > 0) findings.push(...refusedWaiver(trial.waivers, 'tests-may-change'));
    excused.push(...(await shownExcuses(kept.excused)));
    findings.push(...disagreements(run, check.minimum).map((lie) => `Check ${check.name}, on your change: ${lie}.`));
    const ids = red.get(check.name) ?? [];
    if (findings.length > 0 || ids.length === 0) continue;
    const asked = await askAgain(trial.runOverTree, tree, { ids, wanted: 'passed', where: 'your change' });
    findings.push(...asked.findings);
    again.push(asked.again);
  }
  return {
    findings,
    summary: findings[0] ?? `all ${passed} tests pass on the change`,
    body: { excused, flaky: flakyOf(trial), checks: runs, again },
    ids: new Map(),
    stop: false,
  };
}

async function shownExcuses(excused: readonly ChangedTest[]): Promise<ChangedTest[]> {
  return await Promise.all(
    excused.map(async ({ id, reason }) => ({ id, reason: await strikeSecrets(reason.slice(0, 1_000)) })),
  );
}

function proofOf(trial: Trial, check: Check): CheckProof {
  const proof = trial.proof.checks.find((one) => one.name === check.name);
  if (proof === undefined)
    throw new Error(`the base proof of ${trial.base} has no check ${check.name}: it was made for another contract`);
  return proof;
}

function flakyOf(trial: Trial): readonly string[] {
  return trial.proof.checks.flatMap((one) => one.flaky);
}

function unjudgedFinding(check: Check, what: string, run: Extract<CheckRun, { kind: 'unjudged' }>): string {
  const log = lastLines(run.log);
  return `Check ${check.name}, ${what}: ${run.reason}.${log === '' ? '' : ` The last lines were: ${log}`}`;
}

function lastLines(log: string): string {
  return log.trim().split('\n').slice(-8).join('\n').slice(-400);
}

async function shown(check: Check, run: CheckRun): Promise<object> {
  if (run.kind === 'unjudged') return { check: check.name, ...run };
  return { check: check.name, ...run, outcomes: await strikeOutcomes(run.outcomes) };
}
