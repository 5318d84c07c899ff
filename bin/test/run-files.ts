/** Runs test files by Vitest in this process, and says what came of them: how many passed, what each file took. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { startVitest, type TestModule } from 'vitest/node';
import type { CpuOfFile } from '../../test/setup/cpu.ts';
import type { MissingPart } from '../../test/setup/needs.ts';
import type { Tally } from './tally.ts';
import type { FileTime } from './times.ts';

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: [] };

export interface Ran {
  readonly tally: Tally;
  readonly times: readonly FileTime[];
  readonly missing: readonly MissingPart[];
}

export interface Asked {
  readonly root: string;
  /** From the root. */
  readonly files: readonly string[];
  /** Which files are tests at all: `*.test.ts`, or those of the deep tier. */
  readonly include: string;
  readonly namePattern?: string | undefined;
  /** Where Vitest tells how it goes. */
  readonly output: NodeJS.WriteStream;
}

export async function runFiles({ root, files, include, namePattern, output }: Asked): Promise<Ran> {
  const records = mkdtempSync(join(tmpdir(), 'lamplighter-test-'));
  const missing = join(records, 'missing.jsonl');
  const cpu = join(records, 'cpu.jsonl');
  process.env['LAMPLIGHTER_TEST_MISSING'] = missing;
  process.env['LAMPLIGHTER_TEST_CPU'] = cpu;
  try {
    // A run that ends before it has told anything is a failure.
    let tally: Tally = { ...NOTHING, failed: 1 };
    let walls = new Map<string, number>();
    const onTestRunEnd = (modules: readonly TestModule[], errors: readonly unknown[]): void => {
      tally = tallyOf(root, modules, errors);
      walls = new Map(modules.map((one) => [one.moduleId, one.diagnostic().duration]));
    };
    const options = { root, watch: false, include: [include], ...(namePattern && { testNamePattern: namePattern }) };
    const reporters = ['default', { onTestRunEnd }];
    const paths = files.map((file) => join(root, file));
    const vitest = await startVitest('test', paths, { ...options, reporters }, {}, { stdout: output });
    await vitest.close();
    const cpuMs = new Map(linesOf<CpuOfFile>(cpu).map((one) => [one.file, one.cpuMs]));
    const times = [...walls].map(([file, ms]) => ({ file: relative(root, file), ms, cpuMs: cpuMs.get(file) ?? 0 }));
    return { tally: namePattern ? { ...tally, skipped: [] } : tally, times, missing: linesOf<MissingPart>(missing) };
  } finally {
    rmSync(records, { recursive: true, force: true });
  }
}

function linesOf<T>(file: string): T[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as T);
}

function tallyOf(root: string, modules: readonly TestModule[], errors: readonly unknown[]): Tally {
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
