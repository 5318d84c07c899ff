/**
 * `npm run deep [-- area…] [--json]`: what `npm test` leaves out because it shows no further behaviour: rounds, seeds, larger fuzz, further
 * boots and languages (`*.deep.ts`), and the crash runner. Progress on stderr; with `--json` one document on stdout. Exits with 1 when anything
 * failed, and with 2 when it was called wrongly. The last figures of each area stand in docs/deep.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commitOf } from '../bench/crash/commit.ts';
import { deepAreas, type DeepArea } from './test/deep-areas.ts';
import { notRun } from './test/tally.ts';
import { NOTHING, runFiles } from './test/run-files.ts';
import { DEEP, testFiles } from './test/areas.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface AreaFigures {
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
  /** By name, with what was missing. */
  readonly notRun: readonly string[];
  /** What the crash runner says of the area; null where it has none. */
  readonly crash: unknown;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function runArea(area: DeepArea): Promise<AreaFigures> {
  const started = performance.now();
  say(`${area.name}: ${area.files.length} files${area.crash ? ', then the crash runner' : ''}`);
  const { tally, missing } =
    area.files.length === 0
      ? { tally: NOTHING, missing: [] }
      : await runFiles({ root, files: area.files, include: DEEP, output: process.stderr });
  const crash = area.crash ? await runCrash(area.name) : null;
  const failed = tally.failed + (crash !== null && crash.code !== 0 ? 1 : 0);
  const seconds = Math.round((performance.now() - started) / 1000);
  say(`${area.name}: ${tally.passed} passed, ${failed} failed, ${seconds} s`);
  return {
    seconds,
    passed: tally.passed,
    failed,
    notRun: notRun(tally.skipped, missing),
    crash: crash?.document ?? null,
  };
}

async function runCrash(area: string): Promise<{ readonly code: number | null; readonly document: unknown }> {
  const child = spawn(process.execPath, [join(root, 'bench', 'crash.ts'), area, '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null]>]);
  // Called wrongly, or dead before its end: then there is nothing to read, and the code says so.
  return { code, document: said === '' ? null : (JSON.parse(said) as unknown) };
}

async function main(): Promise<number> {
  const options = { json: { type: 'boolean', default: false } } as const;
  const { values, positionals: asked } = parseArgs({ options, allowPositionals: true });
  const all = deepAreas(testFiles(root, DEEP));
  const unknown = asked.filter((name) => !all.some((area) => area.name === name));
  if (unknown.length > 0) {
    say(`There is no deep area ${unknown.join(', ')}. Areas: ${all.map((area) => area.name).join(', ')}`);
    return 2;
  }
  const started = performance.now();
  const areas: Record<string, AreaFigures> = {};
  for (const area of all.filter(({ name }) => asked.length === 0 || asked.includes(name)))
    areas[area.name] = await runArea(area);
  const seconds = Math.round((performance.now() - started) / 1000);
  const document = { commit: commitOf(), cores: availableParallelism(), seconds, areas };
  if (values.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  const sums = Object.values(areas);
  const count = (of: 'passed' | 'failed'): number => sums.reduce((sum, one) => sum + one[of], 0);
  say(`${count('passed')} passed, ${count('failed')} failed, ${seconds} s in all`);
  for (const line of sums.flatMap((one) => one.notRun)) say(line);
  return count('failed') === 0 ? 0 : 1;
}

process.exitCode = await main();
