/**
 * `npm run check`: everything that can be said about the source without running it. Each tool with its time; its words only when it
 * has something to say. Two run at a time: more would fight over the cores of a small machine.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockfileProblems } from './check/lockfile.ts';
import { longProse } from './check/prose.ts';
import { budgetGaps } from './test/budgets.ts';
import { overlongFiles, sourceFolders } from './check/source-files.ts';

interface Outcome {
  ok: boolean;
  output: string;
}
interface Check {
  name: string;
  run(): Promise<Outcome>;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const atOnce = 2;

const checks: readonly Check[] = [
  tool('types', 'typescript/bin/tsc', ['--noEmit', '--pretty', 'false']),
  tool('lint', 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']),
  tool('unused', 'knip/bin/knip.js', ['--no-progress', '--no-config-hints']),
  cruise('arrows', '.dependency-cruiser.mjs'),
  cruise('rooms', '.dependency-cruiser.folders.mjs'),
  tool('format', 'oxfmt/bin/oxfmt', ['--check']),
  finding('file length', () => overlongFiles(root)),
  finding('prose', () => longProse(root)),
  finding('test budgets', () => budgetGaps(root)),
  finding('lockfile', () => lockfileProblems(join(root, 'package-lock.json'))),
];

function cruise(name: string, config: string): Check {
  const args = ['--config', config, '--output-type', 'err-long', ...sourceFolders(root)];
  return tool(name, 'dependency-cruiser/bin/dependency-cruise.mjs', args);
}

function tool(name: string, script: string, args: readonly string[]): Check {
  return { name, run: () => runNode([join(root, 'node_modules', script), ...args]) };
}

function finding(name: string, find: () => string[]): Check {
  return {
    name,
    run: () => {
      const found = find();
      return Promise.resolve({ ok: found.length === 0, output: found.join('\n') });
    },
  };
}

function runNode(args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString().trimEnd() }));
  });
}

async function report(check: Check): Promise<boolean> {
  const started = performance.now();
  const { ok, output } = await check.run();
  const took = ((performance.now() - started) / 1000).toFixed(1);
  const words = ok || output === '' ? '' : `\n${output.replace(/^/gm, '    ')}`;
  process.stdout.write(`check ${check.name}: ${ok ? 'ok' : 'FAILED'} … ${took} s${words}\n`);
  return ok;
}

async function main(): Promise<void> {
  const waiting = [...checks];
  const failed: string[] = [];
  const worker = async (): Promise<void> => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      if (!(await report(check))) failed.push(check.name);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failed.length > 0) {
    process.stdout.write(`check: ${failed.join(', ')} failed; \`npm run format\` cures the format alone\n`);
    process.exitCode = 1;
  }
}

await main();
