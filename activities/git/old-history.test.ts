import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundleInside, openGitRig, plainGit, type GitRig } from './git-rig.ts';
import { BundleRefused } from './repo-git.ts';

let rig: GitRig;
beforeEach(() => {
  rig = openGitRig();
});
afterEach(() => rig.close());

const WHO = 'A <a@example.invalid> 1313584730 +0000';

/** Written as it is into the remote, which no tool of today would. */
function literal(type: string, body: string | Buffer): string {
  const argv = ['hash-object', '-t', type, '-w', '--literally', '--stdin'];
  return execFileSync('git', argv, { cwd: rig.remote, input: body, encoding: 'utf8' }).trim();
}

function tree(...entries: readonly [mode: string, name: string, id: string][]): string {
  const parts = entries.flatMap(([mode, name, id]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
  return literal('tree', Buffer.concat(parts));
}

function commit({ author = WHO, committer = WHO, files = plainGit(rig.remote, 'rev-parse', 'main^{tree}') }): string {
  const main = plainGit(rig.remote, 'rev-parse', 'main');
  return literal('commit', `tree ${files}\nparent ${main}\nauthor ${author}\ncommitter ${committer}\n\nOld\n`);
}

/** Main's newest commit is sound; the one below it is not. */
function bury(old: string): string {
  const files = plainGit(rig.remote, 'rev-parse', 'main^{tree}');
  const top = plainGit(rig.remote, 'commit-tree', files, '-p', old, '-m', 'On top');
  plainGit(rig.remote, 'update-ref', 'refs/heads/main', top);
  return top;
}

describe("a remote's past is taken as old tools wrote it, because plain git clones it", () => {
  test.each([
    ['a time zone of six digits', 'A <a@example.invalid> 1313584730 +051800'],
    ['no blank before the date', 'A <a@example.invalid>1313584730 +0000'],
    ['no mail', 'A 1313584730 +0000'],
    ['no name', '<a@example.invalid> 1313584730 +0000'],
    ['a broken mail', 'A <a@<example.invalid> 1313584730 +0000'],
    ['a date with leading zeros', 'A <a@example.invalid> 0001313584 +0000'],
    ['a date that is no number', 'A <a@example.invalid> yesterday +0000'],
    ['a date beyond all time', 'A <a@example.invalid> 99999999999999999999 +0000'],
  ])('%s', async (_name, author) => {
    const top = bury(commit({ author }));
    expect(await rig.git.refresh()).toBe(top);
    expect(await rig.git.readFile(top, 'readme.md')).toBe('a shop\n');
  });

  test('modes with leading zeros, entries out of order or twice, a submodule that points nowhere, two authors', async () => {
    const blob = literal('blob', 'x\n');
    const odd = [
      tree(['040000', 'd', tree(['100644', 'x', blob])]),
      tree(['100644', 'b', blob], ['100644', 'a', blob]),
      tree(['100644', 'a', blob], ['100644', 'a', blob]),
      tree(['160000', 'sub', '0'.repeat(40)]),
    ];
    for (const files of odd) bury(commit({ files }));
    const top = bury(commit({ author: `${WHO}\nauthor ${WHO}` }));
    expect(await rig.git.refresh()).toBe(top);
  });

  test.each([
    ['a folder named .git', () => tree(['40000', '.git', tree(['100644', 'config', literal('blob', 'x\n')])])],
    ['a folder named ..', () => tree(['40000', '..', tree(['100644', 'x', literal('blob', 'x\n')])])],
    ['a whole path', () => tree(['100644', '/etc/x', literal('blob', 'x\n')])],
    [
      'a submodule whose address is an option',
      () => tree(['100644', '.gitmodules', literal('blob', '[submodule "v"]\n\tpath = v\n\turl = -u./payload\n')]),
    ],
  ])('but not %s, and says so at once, for asking again heals nothing', async (_name, files) => {
    bury(commit({ files: files() }));
    const refused = expect(rig.git.refresh()).rejects;
    await refused.toThrow(/acme\/shop: main could not be fetched.*takes for an attack/s);
    await refused.toMatchObject({ name: 'RemoteUnfit' });
  });
});

describe('what leaves a sandbox is judged strictly, and only what is new of it', () => {
  const forged = (author: string): string => `
    tree=$(git rev-parse HEAD^{tree}); head=$(git rev-parse HEAD)
    new=$(printf 'tree %s\\nparent %s\\nauthor ${author}\\ncommitter ${WHO}\\n\\nForged\\n' $tree $head | git hash-object -t commit -w --literally --stdin)
    git reset -q --hard $new`;

  test('a commit that is out of form is refused, on a past that is too', async () => {
    bury(commit({ author: 'A <a@example.invalid> 1313584730 +051800' }));
    const worktree = await rig.git.openWorktree('run', await rig.git.refresh());
    const bundle = await bundleInside(rig, worktree, forged('A <a@example.invalid> 1313584730 +051800'));
    await expect(rig.git.importBundle('run', bundle)).rejects.toThrow(BundleRefused);
    await expect(rig.git.importBundle('run', bundle)).rejects.toThrow(/badTimezone/);
  });

  test('honest work on an odd past is taken, main merged into it included', async () => {
    bury(commit({ author: 'A 1313584730 +0000' }));
    const worktree = await rig.git.openWorktree('run', await rig.git.refresh());
    bury(commit({ author: 'A <a@example.invalid>1313584730 +0000' }));
    const newer = rig.land({ 'later.md': 'later\n' });
    await rig.git.refresh();
    const bundle = await bundleInside(
      rig,
      worktree,
      'echo x > new.md; git add -A; git commit -qm New; git merge -q --no-edit refs/remotes/origin/main',
    );
    const head = await rig.git.importBundle('run', bundle);
    expect(await rig.git.contains(newer, head)).toBe(true);
    expect(await rig.git.push(head)).toEqual({ kind: 'pushed' });
  });
});
