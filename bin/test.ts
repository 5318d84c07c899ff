/**
 * `npm test [-- area|file…] [-t name]`: without one the check runs first, then everything. The last line of stdout is always
 * `N passed, N failed`, with `, N skipped` where something was; what could not run is listed by name above it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startVitest, type TestModule } from 'vitest/node';
import type { MissingPart } from '../test/setup/needs.ts';
import { areaNames, select, testFiles } from './test/areas.ts';
import { closingLine, exitCode, notRun, type Tally } from './test/tally.ts';
import { timesTable, type FileTime } from './test/times.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nothing: Tally = { passed: 0, failed: 0, skipped: [] };

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function check(): Promise<Tally> {
  const child = spawn(process.execPath, [join(root, 'bin', 'check.ts')], { cwd: root, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return { ...nothing, failed: code === 0 ? 0 : 1 };
}

function tallyOf(modules: readonly TestModule[], errors: readonly unknown[]): Tally {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const states = tests.map((test) => ({ test, state: test.result().state }));
  const failedTests = states.filter(({ state }) => state === 'failed').length;
  // A file that doesn't load, a hook that fails, an error nobody awaited: none is a test, each is a failure.
  const failedElsewhere = modules.flatMap((module) => [
    ...module.errors(),
    ...[...module.children.allSuites()].flatMap((suite) => suite.errors()),
  ]);
  return {
    passed: states.filter(({ state }) => state === 'passed').length,
    failed: failedTests + failedElsewhere.length + errors.length,
    skipped: states
      .filter(({ state }) => state === 'skipped')
      .map(({ test }) => ({
        file: test.module.moduleId,
        name: `${relative(root, test.module.moduleId)} > ${test.fullName}`,
      })),
  };
}

interface Ran {
  readonly tally: Tally;
  readonly times: readonly FileTime[];
}

async function runTests(files: readonly string[], namePattern: string | undefined): Promise<Ran> {
  let tally: Tally = { ...nothing, failed: 1 };
  let times: FileTime[] = [];
  const onTestRunEnd = (modules: readonly TestModule[], errors: readonly unknown[]): void => {
    tally = tallyOf(modules, errors);
    times = modules.map((one) => ({ file: relative(root, one.moduleId), ms: one.diagnostic().duration }));
  };
  const paths = files.map((file) => join(root, file));
  const options = { root, watch: false, ...(namePattern && { testNamePattern: namePattern }) };
  const vitest = await startVitest('test', paths, { ...options, reporters: ['default', { onTestRunEnd }] });
  await vitest.close();
  return { tally: namePattern ? { ...tally, skipped: [] } : tally, times };
}

function readMissing(path: string): MissingPart[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as MissingPart);
}

async function main(): Promise<number> {
  const started = performance.now();
  const options = { t: { type: 'string', short: 't' } } as const;
  const { values, positionals: asked } = parseArgs({ options, allowPositionals: true });
  const everything = testFiles(root);
  const selected = select(everything, asked);
  if ('unknown' in selected) {
    process.stderr.write(
      `There is no area and no test file ${selected.unknown.join(', ')}. Areas: ${areaNames(everything).join(', ')}\n`,
    );
    say(closingLine(nothing));
    return exitCode(nothing);
  }
  const checked = asked.length === 0 ? await check() : nothing;
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-test-'));
  const record = join(folder, 'missing.jsonl');
  process.env['LAMPLIGHTER_TEST_MISSING'] = record;
  try {
    const ran = await runTests(selected.files, values.t);
    const tally = { ...ran.tally, failed: ran.tally.failed + checked.failed };
    for (const line of timesTable(ran.times)) say(line);
    for (const line of notRun(tally.skipped, readMissing(record))) say(line);
    if (checked.failed > 0) say('npm run check failed (above), and counts as one failure');
    say(`${((performance.now() - started) / 1000).toFixed(1)} s in all`);
    say(closingLine(tally));
    return exitCode(tally);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
