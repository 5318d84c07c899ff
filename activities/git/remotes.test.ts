import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundleInside, KEY, openGitRig, plainGit, type GitRig } from './git-rig.ts';
import type { RepoGit } from './port.ts';
import { createRepoGit } from './repo-git.ts';
import { withoutPassword } from './trusted.ts';

let rig: GitRig;
beforeEach(() => {
  rig = openGitRig();
});
afterEach(() => rig.close());

function gitOf(remote: string, dataDir = rig.dataDir): RepoGit {
  return createRepoGit({
    repo: { key: KEY, name: 'acme/shop', remote, branch: 'main', pushEnv: {} },
    dataDir,
    now: Date.now,
  });
}

async function pushOne(git: RepoGit): Promise<unknown> {
  const worktree = await git.openWorktree('run', await git.refresh());
  const bundle = await bundleInside(rig, worktree, 'echo x > x; git add x; git commit -qm X');
  return git.push(await git.importBundle('run', bundle));
}

describe('a remote on this machine is read and pushed to', () => {
  test.each([
    ['by its path with a slash at its end', (remote: string) => `${remote}/`],
    ['by file://', (remote: string) => `file://${remote}`],
    ['by file:// with a slash at its end', (remote: string) => `file://${remote}/`],
    ['by a path through a link', (remote: string) => join(remote, '..', 'link')],
  ])('%s, also where it belongs to somebody else', async (_name, spell) => {
    symlinkSync(rig.remote, join(rig.dir, 'link'));
    // Only root can give a folder away; for others the spelling alone is tried.
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', '65534:65534', rig.remote]);
    expect(await pushOne(gitOf(spell(rig.remote)))).toEqual({ kind: 'pushed' });
  });
});

test('a percent sign in a file:// address that nobody escaped is part of the name, as git takes it', async () => {
  const odd = join(rig.dir, '50%off.git');
  plainGit(rig.dir, 'clone', '-q', '--bare', rig.remote, odd);
  const repo = { key: KEY, name: 'acme/shop', remote: `file://${odd}`, branch: 'main', pushEnv: {} };
  const git = createRepoGit({ repo, dataDir: rig.dataDir, now: Date.now });
  expect(await git.refresh()).toBe(plainGit(odd, 'rev-parse', 'main'));
});

test.each([
  ['https://ada:pw@host.test/x', 'https://host.test/x'],
  ['https://ada:p@ss@host.test/x@v1 and ssh://git@host.test/y', 'https://host.test/x@v1 and ssh://host.test/y'],
  ['git@host.test:x', 'git@host.test:x'],
])('no word tells the login of an address, also where its password holds an @: %s', (said, told) => {
  expect(withoutPassword(said)).toBe(told);
});

test('a data directory that is reached through a link serves sessions, and stays one place', async () => {
  mkdirSync(join(rig.dir, 'disk'));
  symlinkSync(join(rig.dir, 'disk'), join(rig.dir, 'link'));
  const git = gitOf(rig.remote, join(rig.dir, 'link', 'data'));
  const worktree = await git.openWorktree('run', await git.refresh());
  expect(worktree.dir).toBe(join(rig.dir, 'disk', 'data', 'runs', 'run', 'work'));
  expect((await rig.inside(worktree, 'git status --porcelain')).code).toBe(0);
  expect(await pushOne(git)).toEqual({ kind: 'pushed' });
});

describe('a remote that Lamplighter cannot work with is said to be so, with what to do', () => {
  test('a shallow clone', async () => {
    rig.land({ 'readme.md': 'more\n' });
    const shallow = join(rig.dir, 'shallow.git');
    plainGit(rig.dir, 'clone', '--quiet', '--bare', '--depth=1', `file://${rig.remote}`, shallow);
    const refused = expect(gitOf(shallow).refresh()).rejects;
    await refused.toThrow(/is a shallow clone.*git fetch --unshallow/s);
    await refused.toMatchObject({ name: 'RemoteUnfit' });
  });

  test('a repository of SHA-256', async () => {
    const work = join(rig.dir, 'work');
    plainGit(rig.dir, 'init', '--quiet', '--object-format=sha256', '--initial-branch=main', work);
    plainGit(work, 'commit', '--quiet', '--allow-empty', '-m', 'First');
    const refused = expect(gitOf(work).refresh()).rejects;
    await refused.toThrow(/SHA-256 ids, and Lamplighter works with SHA-1/);
    await refused.toMatchObject({ name: 'RemoteUnfit' });
  });
});
