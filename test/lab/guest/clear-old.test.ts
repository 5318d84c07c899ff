import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clearOld } from './clear-old.ts';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'clear-old-'));
});
afterEach(() => rmSync(cache, { recursive: true }));

function made(name: string, daysAgo: number): string {
  const folder = join(cache, name);
  mkdirSync(join(folder, 'inside'), { recursive: true });
  const at = new Date(Date.now() - daysAgo * 86_400_000);
  utimesSync(folder, at, at);
  return folder;
}

it('what other recipes made a month ago goes; what is young, fresh or of another kind stays', () => {
  made('image-old', 31);
  made('image-young', 29);
  made('booted-old', 31);
  const fresh = made('image-fresh', 40);

  clearOld(cache, 'image', fresh);

  expect(readdirSync(cache).toSorted()).toEqual(['booted-old', 'image-fresh', 'image-young']);
});
