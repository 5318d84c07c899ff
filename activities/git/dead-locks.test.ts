import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundleInside, KEY, openGitRig, plainGit, type GitRig } from './git-rig.ts';
import { holdingLock } from './host-lock.ts';
import { repoLayout, type RepoLayout } from './layout.ts';
import { BundleRefused } from './repo-git.ts';

let rig: GitRig;
let layout: RepoLayout;
beforeEach(() => {
  rig = openGitRig();
  layout = repoLayout(rig.dataDir, KEY);
});
afterEach(() => rig.close());

function leave(clone: string, file: string): string {
  const path = join(clone, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  return path;
}

describe('a lock file that a killed git left', () => {
  test.each(['clean', 'checkout'] as const)('does not hold up the repo, wherever it lies in %s', async (which) => {
    const base = await rig.git.refresh();
    await rig.git.openWorktree('first', base);
    const left = [
      'refs/remotes/origin/main.lock',
      'packed-refs.lock',
      'HEAD.lock',
      'config.lock',
      'shallow.lock',
      'index.lock',
      'gc.pid',
      'objects/info/commit-graph.lock',
      'worktrees/work/HEAD.lock',
      'objects/pack/tmp_pack_q1w2e3',
    ].map((file) => leave(layout[which], file));
    const landed = rig.land({ 'readme.md': 'more\n' });
    expect(await rig.git.refresh()).toBe(landed);
    expect(left.filter((path) => existsSync(path))).toEqual([]);
    const worktree = await rig.git.openWorktree('second', landed);
    expect((await rig.inside(worktree, 'git rev-parse HEAD')).stdout.trim()).toBe(landed);
  });

  test('of refs that were being written anew does not keep a tag that the remote took away', async () => {
    rig.person('tag', 'v1');
    rig.person('push', '-q', 'origin', 'v1');
    await rig.git.refresh();
    rig.person('push', '-q', 'origin', ':refs/tags/v1');
    const left = [layout.clean, layout.checkout].map((clone) => leave(clone, 'packed-refs.new'));
    expect(await rig.git.refresh()).toBe(plainGit(rig.remote, 'rev-parse', 'main'));
    expect(left.filter((path) => existsSync(path))).toEqual([]);
    expect(plainGit(layout.checkout, 'tag')).toBe('');
  });

  test('of a hand-over or a merge does not hold up the next, and no half-made bundle stays', async () => {
    const base = await rig.git.refresh();
    const worktree = await rig.git.openWorktree('run', base);
    const bundle = await bundleInside(rig, worktree, 'echo x > x; git add x; git commit -qm X');
    leave(layout.clean, 'refs/lamplighter/run.lock');
    leave(layout.root, 'bundles/dead.bundle');
    const head = await rig.git.importBundle('run', bundle);
    const main = rig.land({ 'y.md': 'y\n' });
    await rig.git.refresh();
    leave(layout.clean, `refs/lamplighter-export/${head}.lock`);
    expect(await rig.git.exportBundle(head)).not.toBeNull();
    const merged = await rig.git.merge(head, main, 'Merge');
    expect(merged.kind).toBe('merged');
    expect(existsSync(layout.bundles) ? readdirSync(layout.bundles) : []).toEqual([]);
  });

  test('at the remote is not ours to take away', async () => {
    const base = await rig.git.refresh();
    const worktree = await rig.git.openWorktree('run', base);
    const bundle = await bundleInside(rig, worktree, 'echo x > x; git add x; git commit -qm X');
    const head = await rig.git.importBundle('run', bundle);
    const theirs = leave(rig.remote, 'refs/heads/main.lock');
    await expect(rig.git.push(head)).rejects.toThrow('could not be pushed');
    expect(existsSync(theirs)).toBe(true);
  });
});

test('every git of ours that writes to a clone waits for the host lock: who holds it knows that none is at work', async () => {
  const base = await rig.git.refresh();
  const worktree = await rig.git.openWorktree('run', base);
  const bundle = await bundleInside(rig, worktree, 'echo x > x; git add x; git commit -qm X');
  const head = await rig.git.importBundle('run', bundle);
  const main = rig.land({ 'y.md': 'y\n' });
  await rig.git.refresh();

  const writers: Readonly<Record<string, () => Promise<unknown>>> = {
    refresh: () => rig.git.refresh(),
    openWorktree: () => rig.git.openWorktree('other', base),
    importBundle: () => rig.git.importBundle('run', bundle).catch((error: unknown) => error instanceof BundleRefused),
    exportBundle: () => rig.git.exportBundle(head),
    merge: () => rig.git.merge(head, main, 'Merge'),
    push: () => rig.git.push(head),
    removeWorktree: () => rig.git.removeWorktree('run'),
  };
  const settled: string[] = [];
  let all: Promise<unknown> = Promise.resolve();
  const before = readdirSync(join(layout.clean, 'refs'), { recursive: true }).length;
  await holdingLock(layout.lock, async () => {
    all = Promise.all(Object.entries(writers).map(([name, write]) => write().finally(() => settled.push(name))));
    // A reader needs no lock: when it has come back many times over, the writers have long been asked.
    for (let n = 0; n < 40; n += 1) await rig.git.commits(base, head);
    expect(settled).toEqual([]);
    expect(readdirSync(join(layout.clean, 'refs'), { recursive: true })).toHaveLength(before);
  });
  await all;
  expect(settled.toSorted()).toEqual(Object.keys(writers).toSorted());
});

test('a clone that cannot be written is a fault of this machine, and the words do not blame the remote', async () => {
  await rig.git.refresh();
  rig.land({ 'readme.md': 'more\n' });
  // A folder in the place of the ref: no git removes it, and neither do we.
  mkdirSync(join(layout.clean, 'refs/remotes/origin/main.lock'), { recursive: true });
  const failed = await rig.git.refresh().catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: 'CloneFault' });
  expect(String(failed)).toContain('nothing is wrong with the remote');
  expect(String(failed)).not.toContain(rig.remote);
});
