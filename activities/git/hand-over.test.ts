import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundleInside, openGitRig, KEY, plainGit, type GitRig } from './git-rig.ts';
import { repoLayout } from './layout.ts';
import { checkoutBinds } from './repo-git.ts';

let rig: GitRig;
beforeEach(() => {
  rig = openGitRig();
});
afterEach(() => rig.close());

test('a commit made in the sandbox arrives at the remote, and nothing else of the session does', async () => {
  const base = await rig.git.refresh();
  const worktree = await rig.git.openWorktree('run-1', base);
  const bundle = await bundleInside(
    rig,
    worktree,
    `echo 'export const price = 2;' > src/price.js
     git add -A && git commit -q -m 'Raise the price' -m 'Refs #1'
     git log --oneline && git diff HEAD~1 --stat && git status --short`,
  );
  const head = await rig.git.importBundle('run-1', bundle);

  expect(await rig.git.contains(base, head)).toBe(true);
  expect(await rig.git.contains(head, base)).toBe(false);
  expect(await rig.git.readFile(head, 'src/price.js')).toBe('export const price = 2;\n');
  expect(await rig.git.readFile(head, 'nothing')).toBeNull();
  expect(await rig.git.changedFiles(base, head)).toEqual([
    { path: 'src/price.js', status: 'modified', from: null, mode: '100644' },
  ]);
  const [commit] = await rig.git.commits(base, head);
  expect(commit).toEqual({
    sha: head,
    subject: 'Raise the price',
    message: 'Raise the price\n\nRefs #1\n',
    parents: [base],
  });
  expect(await rig.git.push(head)).toEqual({ kind: 'pushed' });
  expect(plainGit(rig.remote, 'rev-parse', 'main')).toBe(head);
  expect(plainGit(rig.remote, 'log', '-1', '--format=%an <%ae>', 'main')).toBe(
    'Lamplighter Agent <agent@lamplighter.invalid>',
  );
  // The shared clone was only ever read by the session: no object of it came to lie there.
  expect(() => plainGit(repoLayout(rig.dataDir, KEY).checkout, 'cat-file', '-e', head)).toThrow();
});

test('a main that was fetched later can be merged inside', async () => {
  const base = await rig.git.refresh();
  const worktree = await rig.git.openWorktree('run-2', base);
  const newer = rig.land({ 'later.md': 'later\n' });
  await rig.git.refresh();
  const bundle = await bundleInside(
    rig,
    worktree,
    `echo mine > mine.md && git add -A && git commit -q -m Mine && git merge -q --no-edit origin/main && cat later.md`,
  );
  const head = await rig.git.importBundle('run-2', bundle);
  expect(await rig.git.contains(newer, head)).toBe(true);
});

test('opening a worktree again keeps what is in it', async () => {
  const base = await rig.git.refresh();
  const first = await rig.git.openWorktree('run-3', base);
  await rig.inside(first, 'echo kept > kept.md && git add kept.md');
  const newer = rig.land({ 'even-later.md': 'x\n' });
  await rig.git.refresh();
  const second = await rig.git.openWorktree('run-3', newer);
  expect(second).toEqual(first);
  const seen = await rig.inside(second, 'git rev-parse HEAD; git status --short');
  expect(seen.stdout).toBe(`${base}\nA  kept.md\n`);
});

test('ten worktrees opened at once are all whole', async () => {
  const base = await rig.git.refresh();
  const runs = Array.from({ length: 10 }, (_one, at) => `many-${at}`);
  const worktrees = await Promise.all(runs.map((run) => rig.git.openWorktree(run, base)));
  for (const worktree of worktrees) {
    const seen = await rig.inside(worktree, 'git rev-parse HEAD && git status --short');
    expect(seen).toMatchObject({ code: 0, stdout: `${base}\n` });
  }
});

test('a checkout for a gate has a git of its own, and an overlay replaces and removes just the named paths', async () => {
  const old = await rig.git.refresh();
  const base = rig.land({ 'src/price.js': 'changed\n', 'docs/later.md': 'later\n', 'even-later.md': 'x\n' });
  await rig.git.refresh();
  const dir = join(rig.dir, 'gate');
  await rig.git.checkOut(base, dir);
  await rig.git.overlay(old, dir, ['src/price.js', 'docs/later.md']);
  expect(readFileSync(join(dir, 'src/price.js'), 'utf8')).toBe('export const price = 1;\n');
  expect(existsSync(join(dir, 'docs'))).toBe(false);
  expect(existsSync(join(dir, 'even-later.md'))).toBe(true);

  const seen = await rig.sandbox.run({
    argv: ['git', 'log', '-1', '--format=%H'],
    cwd: '/checkout',
    env: {},
    path: [],
    hosts: [],
    keepBytes: 4_096,
    binds: [...checkoutBinds({ dataDir: rig.dataDir, key: KEY }), { from: dir, to: '/checkout', mode: 'rw' }],
    limits: { wallMs: 30_000, cpuSeconds: 60, memoryBytes: 2 ** 30, fileBytes: 2 ** 20, processes: 64 },
  });
  expect(seen).toMatchObject({ code: 0, stdout: `${base}\n` });
  await expect(rig.git.checkOut(base, dir)).rejects.toThrow('exists already');
});

test('an overlay does not write through a link that the change has put in its way', async () => {
  const base = await rig.git.refresh();
  const worktree = await rig.git.openWorktree('run-link', base);
  const outside = join(rig.dir, 'outside');
  execFileSync('mkdir', [outside]);
  const bundle = await bundleInside(
    rig,
    worktree,
    `git rm -rq src && ln -s ${outside} src && git add -A && git commit -q -m Link`,
  );
  const head = await rig.git.importBundle('run-link', bundle);
  const dir = join(rig.dir, 'gate-link');
  await rig.git.checkOut(head, dir);
  await rig.git.overlay(head, dir, ['src/price.js']);
  await rig.git.overlay(base, dir, ['src/price.js']);
  expect(existsSync(join(outside, 'price.js'))).toBe(false);
  expect(statSync(join(dir, 'src')).isDirectory()).toBe(true);
});

test('what is not on main is exported whole, and nothing when all of it is', async () => {
  const base = await rig.git.refresh();
  const worktree = await rig.git.openWorktree('run-4', base);
  const bundle = await bundleInside(rig, worktree, 'echo evidence > e.md && git add -A && git commit -q -m Evidence');
  const head = await rig.git.importBundle('run-4', bundle);
  const bytes = await rig.git.exportBundle(head);
  const file = join(rig.dir, 'evidence.bundle');
  writeFileSync(file, bytes ?? '');
  rig.person('fetch', '--quiet', file, `refs/lamplighter-export/${head}`);
  expect(rig.person('log', '-1', '--format=%H %s', 'FETCH_HEAD')).toBe(`${head} Evidence`);
  expect(await rig.git.exportBundle(base)).toBeNull();
});

test('renames, modes and odd names are told as they are', async () => {
  const base = rig.land({
    'a long enough file.txt': 'one\ntwo\nthree\nfour\n',
    'run.sh': 'echo\n',
    'even-later.md': 'x\n',
  });
  await rig.git.refresh();
  const worktree = await rig.git.openWorktree('run-5', base);
  const bundle = await bundleInside(
    rig,
    worktree,
    `git mv 'a long enough file.txt' 'ünd "mehr".txt' && chmod +x run.sh && git rm -q even-later.md && ln -s /etc/passwd link
     git add -A && git commit -q -m Odd`,
  );
  const head = await rig.git.importBundle('run-5', bundle);
  expect(await rig.git.changedFiles(base, head)).toEqual([
    { path: 'even-later.md', status: 'deleted', from: null, mode: '000000' },
    { path: 'link', status: 'added', from: null, mode: '120000' },
    { path: 'run.sh', status: 'modified', from: null, mode: '100755' },
    { path: 'ünd "mehr".txt', status: 'renamed', from: 'a long enough file.txt', mode: '100644' },
  ]);
  expect(await rig.git.files(head)).toContain('ünd "mehr".txt');
  expect(await rig.git.readFile(head, 'link')).toBeNull();
  expect(await rig.git.patch(base, head)).toContain('new file mode 120000');
});

test('blob ids are of files only, by their exact path', async () => {
  const sha = rig.land({ '*.md': 'star\n', 'sub/readme.md': 'a shop\n', 'a\tb "c".md': 'odd\n' });
  await rig.git.refresh();
  const blobs = await rig.git.blobs(sha, ['readme.md', 'sub/readme.md', 'sub', '*.md', 'a\tb "c".md', 'gone.md']);
  expect([...blobs.keys()].toSorted()).toEqual(['*.md', 'a\tb "c".md', 'readme.md', 'sub/readme.md']);
  expect(blobs.get('readme.md')).toBe(rig.person('rev-parse', `${sha}:readme.md`));
  expect(blobs.get('sub/readme.md')).toBe(blobs.get('readme.md'));
  expect(blobs.get('*.md')).not.toBe(blobs.get('readme.md'));
});
