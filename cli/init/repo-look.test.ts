import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { plainGit } from '../../activities/git/git-rig.ts';
import { lookAtRepo } from './repo-look.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'repo-look-'));
  plainGit(dir, 'init', '-q', '-b', 'main');
});
afterEach(() => rmSync(dir, { recursive: true }));

it('a manifest with a mark of its encoding in front is read without it', async () => {
  writeFileSync(join(dir, 'package.json'), '\uFEFF{"scripts":{"test":"vitest"}}');
  expect(JSON.parse((await lookAtRepo(dir)).read('package.json') ?? '')).toEqual({ scripts: { test: 'vitest' } });
});
