/**
 * What `go test -json` prints: events of tests in packages, and since Go 1.24 what the compiler says. Tests that run in parallel
 * and packages that build while others run are interleaved, so everything is kept by package and test until it ends.
 */
import { withOrdinals, type TestId, type TestOutcome } from '../../domain/gates/outcome.ts';
import { boundedDetail, MAX_TESTS, readEvents, textOf, unreadable, type ReadReport } from './report-parts.ts';
import { headOf } from '../../domain/text.ts';

const KIND = 'go test -json';
/** Of one test or package: the detail shows less still. */
const MAX_OUTPUT = 16_000;
const MAX_DEPTH = 100;

/** One time that a test was run; `-count` runs it more often. */
interface Ran {
  readonly name: string;
  outcome: TestOutcome['outcome'] | null;
  output: string;
}

interface GoPackage {
  readonly ran: Ran[];
  readonly latest: Map<string, Ran>;
  end: 'pass' | 'fail' | 'skip' | null;
  failedBuild: string;
  output: string;
}

interface GoReport {
  readonly packages: Map<string, GoPackage>;
  /** What the compiler or vet says, by what it was building; `failed` when nothing came of it. */
  readonly builds: Map<string, { output: string; failed: boolean }>;
}

type GoEvent = Readonly<Record<string, unknown>>;

/** Leaves of nested subtests; a parent counts only when it failed though none of its own did. */
export function readGoJson(text: string): ReadReport {
  const lines = readEvents(text);
  if ('broken' in lines) return unreadable(KIND, lines.broken);
  const report: GoReport = { packages: new Map(), builds: new Map() };
  for (const event of lines.events) take(report, event);
  takePlain(report, lines.plain);
  if (report.packages.size === 0 && report.builds.size === 0) return unreadable(KIND, 'it has no event of a package');
  const ids: Omit<TestId, 'ordinal'>[] = [];
  const outcomes: Omit<TestOutcome, 'id'>[] = [];
  const add = (suite: string, name: string, outcome: Omit<TestOutcome, 'id'>): void => {
    ids.push({ suite, file: '', class: '', name });
    outcomes.push(outcome);
  };
  const claimed = new Set<string>();
  for (const [name, one] of report.packages) {
    if (one.end === null)
      return unreadable(
        KIND,
        `the package ${name} has no result: the report was cut off, or the test process ended itself`,
      );
    for (const ran of leaves(one.ran.filter((each) => !isBenchmark(each, one)))) add(name, ran.name, outcomeOf(ran));
    const failed = one.ran.some((ran) => isBad(ran) && !isBenchmark(ran, one));
    claimed.add(one.failedBuild);
    if (one.end === 'fail' && !failed) add('', name, packageFailure(one, report));
  }
  for (const [name, build] of report.builds)
    if (build.failed && !claimed.has(name)) add('', name, failure('load', build.output));
  if (ids.length > MAX_TESTS) return unreadable(KIND, `it holds more than ${MAX_TESTS} tests`);
  return { ok: true, outcomes: withOrdinals(outcomes, ids) };
}

function take({ packages, builds }: GoReport, event: GoEvent): void {
  const action = textOf(event, 'Action');
  if (action === 'build-output' || action === 'build-fail') {
    const path = textOf(event, 'ImportPath');
    const build = builds.get(path) ?? { output: '', failed: false };
    builds.set(path, build);
    if (action === 'build-fail') build.failed = true;
    else build.output = longer(build.output, textOf(event, 'Output'));
    return;
  }
  const name = textOf(event, 'Package');
  if (name === '') return;
  const found = packages.get(name) ?? { ran: [], latest: new Map(), end: null, failedBuild: '', output: '' };
  packages.set(name, found);
  if (textOf(event, 'Test') !== '') takeOfTest(found, event, action);
  else if (action === 'output') found.output = longer(found.output, textOf(event, 'Output'));
  else if (action === 'pass' || action === 'fail' || action === 'skip') {
    // A second run of the package in one report: the worse of the two stands.
    if (found.end !== 'fail') found.end = action;
    found.failedBuild = textOf(event, 'FailedBuild') || found.failedBuild;
  }
}

/** Before Go 1.23 a package that does not build is told in words alone, and what the compiler says stands under its name. */
function takePlain({ packages }: GoReport, lines: readonly string[]): void {
  const compiler = new Map<string, string>();
  let building: string | null = null;
  for (const line of lines) {
    const said = line.trimEnd();
    const failed = /^FAIL\t(\S+) \[(?:build|setup) failed\]$/.exec(said)?.[1];
    if (/^(?:#|FAIL\b)/.test(said))
      building = /^# (?:\S+ \[(\S+)\.test\]|(\S+))$/.exec(said)?.slice(1).find(Boolean) ?? null;
    if (failed !== undefined && !packages.has(failed)) {
      const output = `${said}\n${compiler.get(failed) ?? ''}`;
      packages.set(failed, { ran: [], latest: new Map(), end: 'fail', failedBuild: '', output });
    } else if (building !== null && !said.startsWith('# ')) {
      compiler.set(building, longer(compiler.get(building) ?? '', `${said}\n`));
    }
  }
}

function takeOfTest(found: GoPackage, event: GoEvent, action: string): void {
  const name = textOf(event, 'Test');
  if (action === 'run') begin(found, name);
  else if (action === 'output') {
    const ran = found.latest.get(name);
    const line = textOf(event, 'Output');
    if (ran !== undefined && !/^\s*(?:=== (?:RUN|PAUSE|CONT|NAME)|--- (?:PASS|FAIL|SKIP))\b/.test(line))
      ran.output = longer(ran.output, line);
  } else if (action === 'fail') (found.latest.get(name) ?? begin(found, name)).outcome = 'failed';
  else if (action === 'pass' || action === 'skip') {
    // A test can print such a line itself: one that never began is not believed, and a failure is never taken back.
    const ran = found.latest.get(name);
    if (ran?.outcome === null) ran.outcome = action === 'pass' ? 'passed' : 'skipped';
  }
}

function begin(found: GoPackage, name: string): Ran {
  const ran: Ran = { name, outcome: null, output: '' };
  found.ran.push(ran);
  found.latest.set(name, ran);
  return ran;
}

function isBad({ outcome }: Ran): boolean {
  return outcome === 'failed' || outcome === null;
}

/** One that did not fail has no result of its own: it is no test. */
function isBenchmark({ name, outcome }: Ran, { end }: GoPackage): boolean {
  return outcome === null && end === 'pass' && /^Benchmark(?![a-z])/.test(name);
}

function leaves(ran: readonly Ran[]): Ran[] {
  const parents = new Set(ran.flatMap((one) => parentsOf(one.name)));
  const explained = new Set(ran.filter(isBad).flatMap((one) => parentsOf(one.name)));
  return ran.filter((one) => !parents.has(one.name) || (isBad(one) && !explained.has(one.name)));
}

function parentsOf(name: string): string[] {
  const found: string[] = [];
  for (let at = name.lastIndexOf('/'); at > 0 && found.length < MAX_DEPTH; at = name.lastIndexOf('/', at - 1))
    found.push(name.slice(0, at));
  return found;
}

function outcomeOf({ outcome, output }: Ran): Omit<TestOutcome, 'id'> {
  if (outcome === null) return failure('test', `it began and did not end\n${output}`);
  return outcome === 'failed' ? failure('test', output) : { outcome, failure: null, detail: '' };
}

/** Without any test that failed: it did not build or start, or something failed beside its tests. */
function packageFailure(one: GoPackage, { builds }: GoReport): Omit<TestOutcome, 'id'> {
  const built = builds.get(one.failedBuild)?.output ?? '';
  return failure(one.ran.length === 0 ? 'load' : 'test', built === '' ? one.output : built);
}

function failure(kind: 'load' | 'test', detail: string): Omit<TestOutcome, 'id'> {
  return { outcome: 'failed', failure: kind, detail: boundedDetail(detail) };
}

function longer(text: string, more: string): string {
  return text.length >= MAX_OUTPUT ? text : headOf(text + more, MAX_OUTPUT);
}
