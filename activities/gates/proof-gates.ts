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
import type { ChangedFile, RepoGit } from '../git/port.ts';
import type { CheckProof } from './base-proof.ts';
import type { CheckRun } from './check-run.ts';
import type { Trial } from './gates.ts';
import { anyTestRule, checksFor, isSnapshot, testRule, touchedPaths } from './paths.ts';
import { strikeOutcomes, strikeSecrets } from './secrets.ts';

export interface GateResult {
  readonly findings: readonly string[];
  readonly summary: string;
  /** Goes into the evidence. */
  readonly body: Readonly<Record<string, unknown>>;
  /** By check, the ids that were red. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
  /** Later gates would say nothing more. */
  readonly stop: boolean;
}

/** The change's test files on the base: at least one test must fail for want of the change. */
export async function runRed(trial: Trial, git: Pick<RepoGit, 'readFile'>): Promise<GateResult> {
  const isTest = anyTestRule(trial.contract);
  const missing = whatIsMissing(trial.files, isTest);
  if (missing !== null) return { findings: [missing], summary: missing, body: {}, ids: new Map(), stop: true };
  const paths = trial.files.flatMap(touchedPaths).filter(isTest);
  const judged: JudgedRed[] = [];
  for (const check of checksFor(trial.contract, trial.files)) {
    if (paths.some(testRule(check))) judged.push(await judgeCheck(trial, check, paths, git));
  }
  const red = judged.filter(({ judgement }) => judgement.ids.length > 0);
  const ids = new Map(red.map(({ name, judgement }) => [name, judgement.ids]));
  const count = red.reduce((sum, { judgement }) => sum + judgement.ids.length, 0);
  const weak = red.length > 0 && red.every(({ judgement }) => judgement.kind === 'build-red');
  const findings = red.length > 0 ? [] : judged.flatMap(({ judgement }) => judgement.findings);
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
      checks: judged.map(({ name, judgement, run, hollow }) => ({
        name,
        kind: judgement.kind,
        red: judgement.ids,
        run,
        ...(hollow === null ? {} : { hollow }),
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
  const plain = { name: check.name, judgement: first, run: await shown(check, run), hollow: null };
  // What hung or could not be set up would do so again, and for other reasons than a name that is missing.
  const loadless = run.kind === 'reported' || run.why === 'no-report' || run.why === 'unreadable';
  if (first.kind !== 'build-red' || !loadless) return plain;
  const written = await hollowFiles(trial, paths, git);
  if (written.size === 0) return plain;
  const hollow = await trial.runOverTree({ ...onBase, written });
  const judgement = redOf(check, proof, hollow, (input) => judgeHollow(input, first.findings));
  return { ...plain, judgement, hollow: { files: [...written.keys()], run: await shown(check, hollow) } };
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
    return 'Your change adds or changes no test: write a test that fails on the base for want of your change, and commit it with the change.';
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
    const run = await trial.runOverTree({
      ...trial,
      check,
      sha: trial.head,
      overlay: { sha: trial.base, paths },
      trusted: false,
    });
    runs.push(await shown(check, run));
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
    });
    findings.push(...judged.findings);
    for (const one of judged.excused)
      excused.push({ id: one.id, reason: await strikeSecrets(one.reason.slice(0, 1_000)) });
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

/** Everything passes on the change, and what was red is now among it. */
export async function runGreen(trial: Trial, red: ReadonlyMap<string, readonly string[]>): Promise<GateResult> {
  const findings: string[] = [];
  const runs: unknown[] = [];
  let passed = 0;
  for (const check of checksFor(trial.contract, trial.files)) {
    const proof = proofOf(trial, check);
    const run = await trial.runOverTree({ ...trial, check, sha: trial.head, trusted: false });
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
    findings.push(
      ...judgeKept({
        check: check.name,
        base: proof.outcomes,
        outcomes: run.outcomes,
        flaky: new Set(proof.flaky),
        changedTests: trial.changedTests,
      }),
    );
    findings.push(...disagreements(run, check.minimum).map((lie) => `Check ${check.name}, on your change: ${lie}.`));
  }
  return {
    findings,
    summary: findings[0] ?? `all ${passed} tests pass on the change`,
    body: { flaky: flakyOf(trial), checks: runs },
    ids: new Map(),
    stop: false,
  };
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

async function shown(check: Check, run: CheckRun): Promise<unknown> {
  if (run.kind === 'unjudged') return { check: check.name, ...run };
  return { check: check.name, ...run, outcomes: await strikeOutcomes(run.outcomes) };
}
