/**
 * `node test/upgrade/make-house.ts <release>`: lives in a house with the code of this checkout, kills it, and packs it under
 * test/upgrade/houses/. To be run on the release that is to be upgraded from; a packed house is never changed.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import {
  AT_WORK,
  buildHouse,
  houseAt,
  ISSUES,
  NEUTRAL,
  packedHouses,
  packHouse,
  writeOver,
  type House,
} from './house.ts';

/** Temporal's histories name the host of the worker. */
const AS_NOBODYS_HOST = ['unshare', '--uts', 'sh', '-c', 'hostname house && exec "$@"', 'sh'];

/** What `up` makes anew, what only this `up` was, and what holds a secret. */
const NOT_KEPT = ['logs', 'operator.token', 'ports.json', 'proxy', 'run', 'scratch', 'up.json', 'up.lock', 'up.log'];
const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

async function live({ up }: House): Promise<void> {
  await up.start();
  await up.ask('PUT', '/api/kill-switch', { on: false, note: 'armed' });
  const inStage = (issue: number, stage: string): Promise<unknown> =>
    up.until(`issue ${issue} is in ${stage}`, 120, async () => {
      const view = await up.run(issue);
      return view !== null && (view.run.outcome ?? view.run.stage) === stage ? view : null;
    });
  await inStage(ISSUES.shipped, 'shipped');
  await inStage(ISSUES.frozen, 'frozen');
  await inStage(ISSUES.approval, 'awaiting-approval');
  await up.until('a release is queued', 30, async () => {
    const { body } = await up.ask('GET', '/api/queue');
    return JSON.stringify(body).includes('Wait behind a freeze') || null;
  });
  await up.until('a command of the session is at work', 60, () => {
    return up.tree().some(({ command }) => command === AT_WORK) || null;
  });
  await up.end();
}

/** Write-ahead logs go into their databases; the pages carry no sums, so that a name of the same length may be written over another. */
function settle(dataDir: string): void {
  for (const name of readdirSync(dataDir).filter((one) => one.endsWith('.db'))) {
    const database = new DatabaseSync(join(dataDir, name));
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
  }
  // Stack traces of failed attempts.
  writeOver(dataDir, ROOT, `/${'x'.repeat(ROOT.length - 1)}`);
  for (const name of NOT_KEPT) rmSync(join(dataDir, name), { recursive: true, force: true });
}

/** Files that name this machine. */
function telling(folder: string, words: readonly string[]): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return telling(path, words);
    if (!entry.isFile()) return [];
    const text = readFileSync(path, 'latin1');
    return words.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`);
  });
}

async function make(release: string): Promise<string> {
  mkdirSync(NEUTRAL);
  try {
    buildHouse(NEUTRAL);
    await live(houseAt(NEUTRAL, AS_NOBODYS_HOST));
    settle(join(NEUTRAL, 'data'));
    const told = telling(NEUTRAL, [ROOT, hostname(), process.execPath]);
    if (told.length > 0) throw new Error(`it names this machine:\n${told.join('\n')}`);
    return packHouse(NEUTRAL, release);
  } finally {
    rmSync(NEUTRAL, { recursive: true, force: true });
  }
}

const [release] = process.argv.slice(2);
if (release === undefined || packedHouses().includes(release)) {
  process.stderr.write(`give a release that is not packed yet (packed: ${packedHouses().join(', ')})\n`);
  process.exitCode = 2;
} else {
  const file = await make(release);
  process.stdout.write(`${file}: ${statSync(file).size} bytes\n`);
}
