import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundleInside, KEY, openGitRig, plainGit, type GitRig } from './git-rig.ts';
import { repoLayout, runLayout } from './layout.ts';
import type { Worktree } from './port.ts';
import { BundleRefused, checkoutBinds } from './repo-git.ts';

let rig: GitRig;
let base: string;
let worktree: Worktree;
beforeEach(async () => {
  rig = openGitRig();
  base = await rig.git.refresh();
  worktree = await rig.git.openWorktree('run', base);
});
afterEach(() => rig.close());

/** A program that leaves a mark on the host when it runs there. */
function trap(): { readonly program: string; readonly sprung: () => boolean } {
  const mark = join(rig.dir, 'sprung');
  const program = join(rig.dir, 'trap');
  writeFileSync(program, `#!/bin/sh\ntouch ${mark}\ncat\n`);
  chmodSync(program, 0o755);
  return { program, sprung: () => existsSync(mark) };
}

/** All that trusted git does with a run, once over. */
async function wholeLife(script: string): Promise<string> {
  const head = await rig.git.importBundle('run', await bundleInside(rig, worktree, script));
  const dir = join(rig.dir, 'gate');
  await rig.git.checkOut(head, dir);
  await rig.git.overlay(base, dir, ['src/price.js']);
  await rig.git.changedFiles(base, head);
  await rig.git.patch(base, head);
  await rig.git.openWorktree('run', base);
  expect(await rig.git.push(head)).toEqual({ kind: 'pushed' });
  await rig.git.refresh();
  await rig.git.removeWorktree('run');
  return head;
}

test('configuration, refs, hooks and objects of the shared clone take no write from inside (invariant 15)', async () => {
  const { checkout } = repoLayout(rig.dataDir, KEY);
  const before = execFileSync('find', [
    checkout,
    '-type',
    'f',
    '-newermt',
    '2000-01-01',
    '-exec',
    'sha256sum',
    '{}',
    '+',
  ]).toString();
  const script = `
    git config core.fsmonitor /bin/true; git config url.http://evil.example/.insteadOf /; git config --global x.y z
    git config --worktree core.fsmonitor /bin/true; git branch stolen; git tag stolen; git update-ref refs/remotes/origin/main HEAD~0 $(git commit-tree -m x HEAD^{tree})
    mkdir -p ${checkout}/hooks; echo x > ${checkout}/hooks/post-checkout; echo x >> ${checkout}/config; rm -rf ${checkout}/refs ${checkout}/packed-refs
    echo x > ${checkout}/worktrees/other; mount -o remount,rw ${checkout}; umount ${checkout}; umount .git; touch /run/lamplighter/objects/x
    echo change >> readme.md; git commit -qam Change; exit 0`;
  const result = await rig.inside(worktree, script);
  expect(result).toMatchObject({ end: 'exited', code: 0 });
  expect(result.stderr).toMatch(/objects\/x.*Read-only file system/);
  const after = execFileSync('find', [
    checkout,
    '-type',
    'f',
    '-newermt',
    '2000-01-01',
    '-exec',
    'sha256sum',
    '{}',
    '+',
  ]).toString();
  expect(after).toBe(before);
  // What it could write is of its own folder: no other session has it, and no gate.
  const other = await rig.git.openWorktree('other', base);
  const seen = await rig.inside(
    other,
    'git config --get-regexp "fsmonitor|insteadof"; git branch; git tag; git rev-parse origin/main',
  );
  expect(seen.stdout).toBe(`* (no branch)\n${base}\n`);
});

test("the worktree's .git can't be replaced, and trusted git would not look at it (invariant 15)", async () => {
  const { program, sprung } = trap();
  const replaced = await rig.inside(
    worktree,
    `mv .git x; rmdir .git; ln -sfT /tmp .git; echo "gitdir: /tmp" > .git; cat .git/HEAD`,
  );
  expect(replaced.stdout).toBe(`${base}\n`);
  // Even where it is replaced, by whatever means, by one that has a monitor and hooks of its own.
  const script = `echo x > new.md; git add -A; git commit -q -m New`;
  const bundle = await bundleInside(rig, worktree, script);
  const evil = join(rig.dir, 'evil');
  plainGit(rig.dir, 'clone', '--quiet', rig.remote, evil);
  plainGit(evil, 'config', 'core.fsmonitor', program);
  writeFileSync(join(evil, '.git', 'hooks', 'post-checkout'), `#!/bin/sh\n${program}\n`, { mode: 0o755 });
  rmSync(join(worktree.dir, '.git'), { recursive: true });
  writeFileSync(join(worktree.dir, '.git'), `gitdir: ${join(evil, '.git')}\n`);
  const head = await rig.git.importBundle('run', bundle);
  expect(await rig.git.openWorktree('run', base)).toEqual(worktree);
  expect(await rig.git.push(head)).toEqual({ kind: 'pushed' });
  expect(sprung()).toBe(false);
  // It would have sprung: git as anybody else runs it walks into it.
  plainGit(worktree.dir, 'status');
  expect(sprung()).toBe(true);
  await rig.git.removeWorktree('run');
  expect(existsSync(worktree.dir)).toBe(false);
});

test("what an agent writes into its own repository is not trusted git's configuration (invariant 15)", async () => {
  const { program, sprung } = trap();
  const { git } = runLayout(rig.dataDir, 'run');
  await wholeLife(`
    dir=$(git rev-parse --absolute-git-dir); printf '[core]\\n\\tfsmonitor = ${program}\\n\\thooksPath = ${rig.dir}\\n' >> $dir/config
    cp $dir/config $dir/config.worktree; echo ${rig.dir} > $dir/commondir.bak; mkdir -p $dir/hooks; echo x > new.md; git add -A; git commit -q -m New`);
  expect(sprung()).toBe(false);
  expect(existsSync(git)).toBe(false);
});

test('attributes name filters, drivers and text conversions in vain', async () => {
  const { program, sprung } = trap();
  await wholeLife(`
    printf '* filter=evil diff=evil merge=evil\\n' > .gitattributes
    printf '[filter "evil"]\\n\\tsmudge = ${program}\\n\\tclean = ${program}\\n\\trequired\\n[diff "evil"]\\n\\ttextconv = ${program}\\n\\tcommand = ${program}\\n[merge "evil"]\\n\\tdriver = ${program}\\n' > .gitconfig
    cp .gitconfig config; echo x > new.md; git add -A; git commit -q -m Attributes`);
  expect(sprung()).toBe(false);
});

test('a submodule is neither fetched nor run, and one with a dangerous address is refused', async () => {
  const { program, sprung } = trap();
  const head = await wholeLife(`
    printf '[submodule "vendor"]\\n\\tpath = vendor\\n\\turl = ext::${program}\\n' > .gitmodules; git add -A
    git update-index --add --cacheinfo 160000,${base},vendor; git commit -q -m Submodule`);
  expect(await rig.git.changedFiles(base, head)).toContainEqual({
    path: 'vendor',
    status: 'added',
    from: null,
    mode: '160000',
  });
  expect(sprung()).toBe(false);

  const other = await rig.git.openWorktree('other', await rig.git.refresh());
  const bundle = await bundleInside(
    rig,
    other,
    `printf '[submodule "v"]\\n\\tpath = v\\n\\turl = -u./payload\\n' > .gitmodules; git add -A; git commit -q -m Dash`,
  );
  await expect(rig.git.importBundle('other', bundle)).rejects.toThrow(/gitmodules/);
});

test('an outbox that holds a link, a folder, a pipe, rubbish, or too much is refused, and nothing is read through it', async () => {
  const bundle = join(worktree.outbox, 'handover.bundle');
  const refused = async (words: RegExp): Promise<void> => {
    const error = await rig.git.importBundle('run', bundle).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BundleRefused);
    expect(String(error)).toMatch(words);
    execFileSync('rm', ['-rf', bundle]);
  };
  await refused(/not a plain file \(ENOENT\)/);
  symlinkSync('/etc/passwd', bundle);
  await refused(/not a plain file \(ELOOP\)/);
  mkdirSync(bundle);
  await refused(/not a plain file/);
  execFileSync('mkfifo', [bundle]);
  await refused(/not a plain file/);
  writeFileSync(bundle, 'not a bundle');
  await refused(/not taken/);
  writeFileSync(bundle, '');
  truncateSync(bundle, 300 * 1024 * 1024);
  await refused(/at most/);
  await expect(rig.git.importBundle('run', '/etc/passwd')).rejects.toThrow('does not lie in the outbox');
});

test('a bundle whose objects are damaged or missing is refused, and the ref stays where it was', async () => {
  const first = await rig.git.importBundle(
    'run',
    await bundleInside(rig, worktree, 'echo 1 > n; git add -A; git commit -q -m One'),
  );
  const bundle = await bundleInside(rig, worktree, 'echo 2 > n; git commit -q -a -m Two');
  const bytes = readFileSync(bundle);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 30) ^ 0xff, bytes.length - 30);
  writeFileSync(bundle, bytes);
  await expect(rig.git.importBundle('run', bundle)).rejects.toThrow(BundleRefused);
  const { clean } = repoLayout(rig.dataDir, KEY);
  expect(plainGit(clean, 'rev-parse', 'refs/lamplighter/run')).toBe(first);
});

test('amended work replaces what was handed over, and the first commit is kept (invariant 11)', async () => {
  const first = await rig.git.importBundle(
    'run',
    await bundleInside(rig, worktree, 'echo 1 > n; git add -A; git commit -q -m One'),
  );
  const second = await rig.git.importBundle(
    'run',
    await bundleInside(rig, worktree, 'git commit -q --amend -m Better'),
  );
  const { clean } = repoLayout(rig.dataDir, KEY);
  expect(plainGit(clean, 'rev-parse', 'refs/lamplighter/run')).toBe(second);
  expect(plainGit(clean, 'for-each-ref', '--contains', first, '--format=%(refname)')).toBe(
    `refs/lamplighter-kept/run/${first}`,
  );
});

test('a worktree whose commits were not handed over is not removed (invariant 11)', async () => {
  await rig.inside(worktree, 'echo 1 > n; git add -A; git commit -q -m "Only here"');
  await expect(rig.git.removeWorktree('run')).rejects.toThrow('neither on main nor handed over');
  expect(readFileSync(join(worktree.dir, 'n'), 'utf8')).toBe('1\n');
  await rig.git.importBundle('run', await bundleInside(rig, worktree, 'true'));
  await rig.git.removeWorktree('run');
  expect(existsSync(runLayout(rig.dataDir, 'run').root)).toBe(false);
  await rig.git.removeWorktree('run');
});

test('commits that amending left behind stay in the quarantine when the worktree goes (invariant 11)', async () => {
  await rig.inside(worktree, 'echo 1 > n; git add -A; git commit -q -m Lost; git reset -q --hard HEAD~1');
  const lost = (await rig.inside(worktree, 'git rev-parse ORIG_HEAD')).stdout.trim();
  await rig.git.removeWorktree('run');
  const { work, objects } = runLayout(rig.dataDir, 'run');
  expect(existsSync(work)).toBe(false);
  expect(existsSync(join(objects, lost.slice(0, 2), lost.slice(2)))).toBe(true);
});

test('folders without write permission are removed all the same', async () => {
  await rig.inside(worktree, 'mkdir -p locked/deep; touch locked/deep/file; chmod 000 locked/deep; chmod 500 locked');
  await rig.git.removeWorktree('run');
  expect(existsSync(worktree.dir)).toBe(false);
});

test('a gate can read the objects that its checkout borrows, and can write none of them', async () => {
  const dir = join(rig.dir, 'gate');
  await rig.git.checkOut(base, dir);
  const { clean } = repoLayout(rig.dataDir, KEY);
  const result = await rig.inside(
    worktree,
    `git log --oneline | wc -l; touch ${clean}/objects/x; ls ${clean}; git config a.b c && echo own`,
    {
      cwd: '/checkout',
      binds: [...checkoutBinds({ dataDir: rig.dataDir, key: KEY }), { from: dir, to: '/checkout', mode: 'rw' }],
    },
  );
  expect(result.stdout).toBe('1\nobjects\nown\n');
  expect(result.stderr).toContain('Read-only file system');
});
