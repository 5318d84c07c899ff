import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheRoot, resolveTemporal } from './temporal.mjs';

let folder: string;
let env: Record<string, string>;

function placeExecutable(...path: string[]): string {
  const file = join(folder, ...path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, 0o755);
  return file;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamplighter-temporal-'));
  env = { HOME: join(folder, 'home'), XDG_CACHE_HOME: join(folder, 'cache'), PATH: join(folder, 'path') };
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('nothing anywhere is null, not an error: it can still be fetched', () => {
  expect(resolveTemporal(env)).toBeNull();
});

test('the order is configured path, PATH, cache', () => {
  const inCache = placeExecutable('cache', 'lamplighter', 'temporal-1.9.1', 'temporal');
  expect(resolveTemporal(env)).toEqual({ path: inCache, source: 'cache' });
  const onPath = placeExecutable('path', 'temporal');
  expect(resolveTemporal(env)).toEqual({ path: onPath, source: 'PATH' });
  const configured = placeExecutable('own', 'temporal');
  expect(resolveTemporal({ ...env, LAMPLIGHTER_TEMPORAL: configured })).toEqual({
    path: configured,
    source: 'configured',
  });
});

test('a configured path that leads nowhere is an error, although others would serve', () => {
  placeExecutable('path', 'temporal');
  expect(() => resolveTemporal({ ...env, LAMPLIGHTER_TEMPORAL: join(folder, 'gone') })).toThrow(
    /not an executable file/,
  );
});

test('the pinned version in the cache is preferred to another, and that to none', () => {
  const newer = placeExecutable('cache', 'lamplighter', 'temporal-1.10.0', 'temporal');
  placeExecutable('cache', 'lamplighter', 'temporal-1.2.0', 'temporal');
  expect(resolveTemporal(env)?.path).toBe(newer);
  const pinned = placeExecutable('cache', 'lamplighter', 'temporal-1.9.1', 'temporal');
  expect(resolveTemporal(env)?.path).toBe(pinned);
});

test('the cache follows XDG_CACHE_HOME, then the home folder', () => {
  expect(cacheRoot({ HOME: '/h', XDG_CACHE_HOME: '/c' })).toBe('/c/lamplighter');
  expect(cacheRoot({ HOME: '/h' })).toBe('/h/.cache/lamplighter');
});
