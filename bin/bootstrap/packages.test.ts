import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installedMatchesLock, installPackages, isInstalled, lockDigest } from './packages.mjs';
import { isAlive } from '../../test/setup/alive.ts';

let root: string;

interface Entry {
  version: string;
  optional?: boolean;
}

function writeProject(dependencies: Record<string, string>, locked: Record<string, Entry>): void {
  writeFileSync(join(root, 'package.json'), JSON.stringify({ dependencies }));
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': { dependencies }, ...locked } }));
}

function writeInstalled(packages: Record<string, Entry>): void {
  const folder = join(root, 'node_modules', '.bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'node'), '');
  chmodSync(join(folder, 'node'), 0o755);
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lamplighter-packages-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test('a clone without node_modules is not installed', () => {
  writeProject({ a: '1.0.0' }, { 'node_modules/a': { version: '1.0.0' } });
  expect(isInstalled(root)).toBe(false);
  expect(installedMatchesLock(root)).toBe(false);
});

test('what a developer installed by hand is taken as it is, without npm ci', async () => {
  writeProject(
    { a: '1.0.0' },
    { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b-darwin': { version: '2.0.0', optional: true } },
  );
  writeInstalled({ 'node_modules/a': { version: '1.0.0' } });
  expect(await installPackages(root, () => {})).toBe('up to date');
  expect(isInstalled(root)).toBe(true);
});

test('a changed lockfile makes the installed packages stale', () => {
  writeProject({ a: '1.0.0' }, { 'node_modules/a': { version: '1.0.0' } });
  writeInstalled({ 'node_modules/a': { version: '1.0.0' } });
  writeFileSync(join(root, 'node_modules', '.lamplighter-lock'), lockDigest(root));
  expect(isInstalled(root)).toBe(true);
  writeProject({ a: '1.0.1' }, { 'node_modules/a': { version: '1.0.1' } });
  expect(isInstalled(root)).toBe(false);
  expect(installedMatchesLock(root)).toBe(false);
});

test('a dependency in package.json that the lockfile does not know is never taken for installed', () => {
  writeProject({ a: '1.0.0' }, { 'node_modules/a': { version: '1.0.0' } });
  writeInstalled({ 'node_modules/a': { version: '1.0.0' } });
  writeFileSync(join(root, 'package.json'), JSON.stringify({ dependencies: { a: '1.0.0', c: '1.0.0' } }));
  expect(installedMatchesLock(root)).toBe(false);
});

/** An installation as the bootstrap makes it, with an `npm` of ours in front of PATH. */
function startInstalling(npm: string): ChildProcess {
  const bin = join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\n${npm}\n`, { mode: 0o755 });
  const script = `const { installPackages } = await import(${JSON.stringify(new URL('packages.mjs', import.meta.url).href)});
    console.log(await installPackages(${JSON.stringify(root)}, () => {}));`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function until(what: string, look: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !look();) {
    if (Date.now() > end) throw new Error(`${what}: not within 20 s`);
    await delay(10);
  }
}

/** Half of an installation: some files are there, one of its own children is at work. */
const HANGS = `mkdir -p node_modules/a; sleep 300 & echo $! $$ > pids; wait`;
const INSTALLS = `mkdir -p node_modules/.bin; printf '#!/bin/sh\\necho v24.0.0\\n' > node_modules/.bin/node; chmod 755 node_modules/.bin/node`;

test.skipIf(process.platform !== 'linux').each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'stopped by %s it ends npm too, and an immediate second start installs anew',
  async (signal) => {
    writeProject({ a: '1.0.0' }, { 'node_modules/a': { version: '1.0.0' } });
    writeInstalled({ 'node_modules/a': { version: '0.9.0' } });
    const installing = startInstalling(HANGS);
    const pids = join(root, 'pids');
    await until('npm is at work', () => existsSync(pids) && readFileSync(pids, 'utf8').endsWith('\n'));
    const [child = 0, npm = 0] = readFileSync(pids, 'utf8').trim().split(' ').map(Number);
    const exit = once(installing, 'exit');
    installing.kill(signal);

    const [code] = (await exit) as [number | null];
    await until('npm is gone', () => !isAlive(npm));
    if (signal === 'SIGKILL') process.kill(child, 'SIGKILL');
    else expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
    // Both were sent the signal at once; which of them the kernel ends first is its own affair.
    await until("npm's child is gone", () => !isAlive(child));
    expect([isInstalled(root), installedMatchesLock(root)]).toEqual([false, false]);

    const [ended] = (await once(startInstalling(INSTALLS), 'exit')) as [number | null];
    expect([ended, isInstalled(root)]).toEqual([0, true]);
  },
);

test.skipIf(process.platform !== 'linux')(
  'a Ctrl-C in the moment in which npm starts leaves none of it behind',
  async () => {
    writeProject({ a: '1.0.0' }, { 'node_modules/a': { version: '1.0.0' } });
    const installing = startInstalling(`kill -INT $PPID; sleep 300 & echo $! $$ > pids; wait`);

    const [code] = (await once(installing, 'exit')) as [number | null];

    expect(code).toBe(130);
    const begun = existsSync(join(root, 'pids')) ? readFileSync(join(root, 'pids'), 'utf8').trim().split(' ') : [];
    await until('npm is gone', () => !begun.map(Number).some(isAlive));
  },
);
