import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../sandbox/environment.ts';
import { bundleInside, KEY, openGitRig, plainGit, type GitRig } from './git-rig.ts';
import { repoLayout } from './layout.ts';
import type { RepoGit } from './port.ts';
import { checkoutBinds, createRepoGit } from './repo-git.ts';
import { wholeAddress } from './submodule-links.ts';

let rig: GitRig;
let data: string;
beforeEach(() => {
  rig = openGitRig();
  data = makeRemote('data', { 'x.json': '{}\n' });
});
afterEach(() => rig.close());

/** A bare remote beside the repo's own, with one commit; its files may be changed by `change`. */
function makeRemote(name: string, files: Readonly<Record<string, string>>): string {
  const remote = join(rig.dir, `${name}.git`);
  plainGit(rig.dir, 'init', '-q', '--bare', '-b', 'main', remote);
  plainGit(rig.dir, 'clone', '-q', remote, join(rig.dir, name));
  change(name, files);
  return remote;
}

function change(name: string, files: Readonly<Record<string, string>>): string {
  const clone = join(rig.dir, name);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(clone, path), text);
  plainGit(clone, 'add', '-A');
  plainGit(clone, 'commit', '-q', '-m', 'Change');
  plainGit(clone, 'push', '-q', 'origin', 'HEAD:main');
  return plainGit(clone, 'rev-parse', 'HEAD');
}

function addSubmodule(address: string, path: string): string {
  rig.person('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', '--force', address, path);
  return rig.land({}, 'Add a submodule');
}

function gitOf(submodules: readonly string[]): RepoGit {
  return createRepoGit({
    repo: { key: KEY, name: 'acme/shop', remote: rig.remote, branch: 'main', pushEnv: {}, submodules },
    dataDir: rig.dataDir,
    now: Date.now,
  });
}

let checkouts = 0;
async function checkOut(git: RepoGit, sha: string): Promise<{ dir: string; empty: readonly string[] }> {
  const dir = join(rig.dir, `gate-${(checkouts += 1)}`);
  return { dir, empty: await git.checkOut(sha, dir) };
}

async function inGate(dir: string, script: string): Promise<string> {
  const seen = await rig.sandbox.run({
    argv: ['/bin/sh', '-c', script],
    cwd: '/checkout',
    env: {},
    path: [],
    hosts: [],
    keepBytes: 65_536,
    binds: [
      { from: dir, to: '/checkout', mode: 'rw' },
      ...checkoutBinds({ dataDir: rig.dataDir, key: KEY, submodules: ['any'] }),
    ],
    limits: { ...DEFAULT_LIMITS, wallMs: 30_000 },
  });
  return `${seen.stdout}${seen.stderr}`.trim();
}

describe('a submodule whose address the operator lists', () => {
  test('is there in the session and in the gates, as git has it, and the change beside it is handed over and pushed', async () => {
    addSubmodule(data, 'vendor/data');
    const git = gitOf([data]);
    const base = await git.refresh();
    const { dir, empty } = await checkOut(git, base);
    expect(empty).toEqual([]);
    const look = 'cat vendor/data/x.json; git status --porcelain; git -C vendor/data log --format=%s';
    expect(await inGate(dir, look)).toBe('{}\nChange');

    const worktree = await git.openWorktree('run', base);
    expect((await rig.inside(worktree, look)).stdout).toBe('{}\nChange\n');
    const bundle = await bundleInside(rig, worktree, 'echo a > a.txt; git add a.txt; git commit -qm A');
    expect(await git.push(await git.importBundle('run', bundle))).toEqual({ kind: 'pushed' });
  });

  test('has its tags in the session and in the gates: git describe works in it as in a clone', async () => {
    plainGit(join(rig.dir, 'data'), 'tag', 'v2.0');
    plainGit(join(rig.dir, 'data'), 'push', '-q', 'origin', 'v2.0');
    addSubmodule(data, 'vendor/data');
    const git = gitOf([data]);
    const base = await git.refresh();
    const look = 'git -C vendor/data describe --tags';
    expect(await inGate((await checkOut(git, base)).dir, look)).toBe('v2.0');
    expect((await rig.inside(await git.openWorktree('run', base), look)).stdout).toBe('v2.0\n');
  });

  test('may have submodules of its own, and stand by a path that counts from the repo', async () => {
    const inner = makeRemote('inner', { 'deep.txt': 'deep\n' });
    const outer = join(rig.dir, 'data');
    plainGit(outer, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', '../inner.git', 'inner');
    change('data', {});
    addSubmodule('../data.git', 'vendor/data');
    const git = gitOf([`file://${data}`, `${inner}/`]);
    const { dir, empty } = await checkOut(git, await git.refresh());
    expect(empty).toEqual([]);
    expect(await inGate(dir, 'cat vendor/data/inner/deep.txt; git status --porcelain')).toBe('deep');
  });

  test('is filled as each commit says: a change that moves it, and an overlay of the old', async () => {
    addSubmodule(data, 'vendor/data');
    const git = gitOf([data]);
    const base = await git.refresh();
    const newer = change('data', { 'x.json': '{"new":1}\n' });
    const worktree = await git.openWorktree('run', base);
    const move = `git update-index --cacheinfo 160000,${newer},vendor/data; git commit -qm Move`;
    const head = await git.importBundle('run', await bundleInside(rig, worktree, move));
    const { dir } = await checkOut(git, head);
    expect(readFileSync(join(dir, 'vendor/data/x.json'), 'utf8')).toBe('{"new":1}\n');
    await git.overlay(base, dir, ['vendor/data']);
    expect(readFileSync(join(dir, 'vendor/data/x.json'), 'utf8')).toBe('{}\n');
  });

  test('stays empty where its remote lacks the commit, which is said', async () => {
    addSubmodule(data, 'vendor/data');
    const git = gitOf([data]);
    const base = await git.refresh();
    const worktree = await git.openWorktree('run', base);
    const nowhere = `git update-index --cacheinfo 160000,${base},vendor/data; git commit -qm Nowhere`;
    const head = await git.importBundle('run', await bundleInside(rig, worktree, nowhere));
    const { dir, empty } = await checkOut(git, head);
    expect(empty).toEqual([`vendor/data stays empty: its remote ${data} does not have the commit ${base}`]);
    expect(readdirSync(join(dir, 'vendor/data'))).toEqual([]);
  });

  test('whose remote is away is a remote that cannot be reached, with its words', async () => {
    addSubmodule(data, 'vendor/data');
    await expect(gitOf([data, join(rig.dir, 'gone.git')]).refresh()).resolves.toMatch(/^[0-9a-f]{40}$/);
    change('data', { 'y.json': '{}\n' });
    rig.person('-C', 'vendor/data', 'pull', '-q', 'origin', 'main');
    rig.land({}, 'Move it');
    const away = join(rig.dir, 'data.git');
    renameSync(away, `${away}.away`);
    await expect(gitOf([data]).refresh()).rejects.toThrow(/the submodule vendor\/data could not be fetched from/);
  });

  test('holds nothing that trusted git would read afterwards (invariant 15)', async () => {
    addSubmodule(data, 'vendor/data');
    const git = gitOf([data]);
    const base = await git.refresh();
    const worktree = await git.openWorktree('run', base);
    const mark = join(rig.dir, 'sprung');
    const trap = join(rig.dir, 'trap');
    writeFileSync(trap, `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    const script = `
      git -C vendor/data config core.fsmonitor ${trap}; printf '#!/bin/sh\\n${trap}\\n' > vendor/data/.git/hooks/post-checkout; chmod +x vendor/data/.git/hooks/post-checkout
      echo x > x.txt; git add x.txt; git commit -qm X`;
    const head = await git.importBundle('run', await bundleInside(rig, worktree, script));
    await git.openWorktree('run', base);
    await checkOut(git, head);
    expect(await git.push(head)).toEqual({ kind: 'pushed' });
    await git.removeWorktree('run');
    expect(existsSync(mark)).toBe(false);
    const touched = await inGate((await checkOut(git, head)).dir, `touch ${repoLayout(rig.dataDir, KEY).submodules}/x`);
    expect(touched).toContain('Read-only file system');
  });
});

describe('a submodule of any other address stays empty, and is said to', () => {
  test.each([
    ['a program', (trap: string) => `ext::${trap}`],
    ['a folder of this machine', (_trap: string, secret: string) => secret],
    ['the same by file://', (_trap: string, secret: string) => `file://${secret}`],
    ['a path that climbs', (_trap: string, secret: string) => `../${secret.split('/').at(-1) ?? ''}`],
    ['a server', () => 'https://127.0.0.1:9/x.git'],
    ['another user of a server', () => 'ssh://-oProxyCommand=touch@127.0.0.1/x.git'],
  ])('%s', async (_name, address) => {
    const mark = join(rig.dir, 'sprung');
    const trap = join(rig.dir, 'trap');
    writeFileSync(trap, `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    const secret = makeRemote('secret', { 'secret.txt': 'not theirs\n' });
    const at = plainGit(secret, 'rev-parse', 'main');
    rig.person('update-index', '--add', '--cacheinfo', `160000,${at},vendor/x`);
    const url = address(trap, secret);
    rig.person('config', '-f', '.gitmodules', 'submodule.x.path', 'vendor/x');
    rig.person('config', '-f', '.gitmodules', 'submodule.x.url', url);
    rig.person('add', '.gitmodules');
    rig.person('commit', '-q', '-m', 'Hostile');
    rig.person('push', '-q', 'origin', 'HEAD:main');

    const git = gitOf([data]);
    const base = await git.refresh();
    const { dir, empty } = await checkOut(git, base);
    expect(empty).toEqual([expect.stringMatching(/^vendor\/x is a submodule with the address .* stays empty: list/)]);
    expect(readdirSync(join(dir, 'vendor/x'))).toEqual([]);
    const worktree = await git.openWorktree('run', base);
    expect((await rig.inside(worktree, 'ls -A vendor/x')).stdout).toBe('');
    expect(existsSync(mark)).toBe(false);
  });

  test('one that .gitmodules does not know', async () => {
    rig.person('update-index', '--add', '--cacheinfo', `160000,${plainGit(data, 'rev-parse', 'main')},vendor/x`);
    // Without its folder it would count as deleted.
    mkdirSync(join(rig.dir, 'person', 'vendor', 'x'), { recursive: true });
    rig.land({ '.gitmodules': 'not [a configuration' }, 'Odd');
    const git = gitOf([data]);
    const { empty } = await checkOut(git, await git.refresh());
    expect(empty).toEqual([expect.stringContaining('vendor/x is a submodule with no address in .gitmodules')]);
  });
});

test('a link in a gate’s checkout is not followed where a submodule is laid over it', async () => {
  const first = addSubmodule(data, 'vendor/data');
  const outside = join(rig.dir, 'outside');
  mkdirSync(join(outside, 'data'), { recursive: true });
  rig.person('rm', '-rq', 'vendor', '.gitmodules');
  rmSync(join(rig.dir, 'person', 'vendor'), { recursive: true, force: true });
  symlinkSync(outside, join(rig.dir, 'person', 'vendor'));
  const linked = rig.land({}, 'A link instead');
  const git = gitOf([data]);
  await git.refresh();
  const { dir } = await checkOut(git, linked);
  await git.overlay(first, dir, ['.gitmodules', 'vendor/data']);
  expect(readdirSync(join(outside, 'data'))).toEqual([]);
});

test.each([
  ['/srv/git/acme/shop.git', '../data.git', '/srv/git/acme/data.git'],
  ['/srv/git/acme/shop.git/', '../../other/data.git', '/srv/git/other/data.git'],
  ['https://git.example.org/acme/shop.git', '../data.git', 'https://git.example.org/acme/data.git'],
  ['git@git.example.org:acme/shop.git', '../data.git', 'git@git.example.org:acme/data.git'],
  ['git@git.example.org:shop.git', '../data.git', 'git@git.example.org:data.git'],
  ['/srv/git/shop.git', './data.git', '/srv/git/shop.git/data.git'],
  ['/srv/git/shop.git', 'https://git.example.org/data.git', 'https://git.example.org/data.git'],
])('%s says %s: %s', (remote, url, whole) => {
  expect(wholeAddress(remote, url)).toBe(whole);
});
