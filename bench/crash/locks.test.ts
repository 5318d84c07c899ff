import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { repoLayout, runLayout } from '../../activities/git/layout.ts';
import { createSeeded } from '../../playground/seeded.ts';
import { plantLocks } from './locks.ts';
import { REPO, type Table } from './table.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'locks-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

function plant(seed: number, inCommand: boolean): string[] {
  const config = { dataDir } as Table['config'];
  return plantLocks({ config }, createSeeded(seed), { run: 'run-1', inCommand });
}

it('are left only where there is a folder in which a git was at work', () => {
  expect(plant(1, true)).toEqual([]);
});

it('are of the clones, and of the session only where its command was lost', () => {
  const { clean } = repoLayout(dataDir, REPO.key);
  mkdirSync(join(clean, 'refs', 'remotes', 'origin'), { recursive: true });
  mkdirSync(runLayout(dataDir, 'run-1').git, { recursive: true });

  const seeds = Array.from({ length: 20 }, (_none, seed) => seed);
  const planted = seeds.slice(0, 3).flatMap((seed) => plant(seed, false));
  const session = seeds.flatMap((seed) => plant(seed, true)).filter((what) => what.startsWith('session/'));

  expect(planted.length).toBeGreaterThan(0);
  for (const what of planted) expect(existsSync(join(clean, what.replace('clean.git/', '')))).toBe(true);
  expect(session.toSorted()).toEqual(['session/HEAD.lock', 'session/index.lock']);
});
