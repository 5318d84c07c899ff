/**
 * `npm test [-- area|file…] [-t name]`: without one the check runs first, then everything. The last line of stdout is always
 * `N passed, N failed`, with `, N skipped` where something was; what could not run is listed by name above it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { areaNames, select, testFiles, TESTS } from './test/areas.ts';
import { overBudget, readBudgets } from './test/budgets.ts';
import { NOTHING, runFiles } from './test/run-files.ts';
import { closingLine, exitCode, notRun, type Tally } from './test/tally.ts';
import { timesTable } from './test/times.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function check(): Promise<Tally> {
  const child = spawn(process.execPath, [join(root, 'bin', 'check.ts')], { cwd: root, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return { ...NOTHING, failed: code === 0 ? 0 : 1 };
}

async function main(): Promise<number> {
  const started = performance.now();
  const options = { t: { type: 'string', short: 't' } } as const;
  const { values, positionals: asked } = parseArgs({ options, allowPositionals: true });
  const everything = testFiles(root, TESTS);
  const selected = select(everything, asked);
  if ('unknown' in selected) {
    process.stderr.write(
      `There is no area and no test file ${selected.unknown.join(', ')}. Areas: ${areaNames(everything).join(', ')}\n`,
    );
    say(closingLine(NOTHING));
    return exitCode(NOTHING);
  }
  const checked = asked.length === 0 ? await check() : NOTHING;
  const ran = await runFiles({
    root,
    files: selected.files,
    include: TESTS,
    namePattern: values.t,
    output: process.stdout,
  });
  for (const line of timesTable(ran.times)) say(line);
  for (const line of notRun(ran.tally.skipped, ran.missing)) say(line);
  // What a few files of an area take says nothing of the area.
  const over = asked.length === 0 ? overBudget(ran.times, readBudgets(root)) : [];
  for (const line of over) say(line);
  if (checked.failed > 0) say('npm run check failed (above), and counts as one failure');
  const tally = { ...ran.tally, failed: ran.tally.failed + checked.failed + over.length };
  say(`${((performance.now() - started) / 1000).toFixed(1)} s in all`);
  say(closingLine(tally));
  return exitCode(tally);
}

process.exitCode = await main();
