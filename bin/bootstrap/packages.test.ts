import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installedMatchesLock, installPackages, isInstalled, lockDigest } from './packages.mjs';

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
