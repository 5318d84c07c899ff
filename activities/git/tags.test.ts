import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../sandbox/environment.ts';
import { KEY, openGitRig, plainGit, type GitRig } from './git-rig.ts';
import { repoLayout } from './layout.ts';
import { checkoutBinds } from './repo-git.ts';
import { MOST_TAGS } from './tags.ts';

let rig: GitRig;
beforeEach(() => {
  rig = openGitRig();
});
afterEach(() => rig.close());

function tag(name: string, at = 'HEAD', ...how: string[]): void {
  rig.person('tag', '-f', '-m', name, ...how, '--', name, at);
  rig.person('push', '-q', '-f', 'origin', `refs/tags/${name}`);
}

let checkouts = 0;
/** What a command of a gate says in a clean checkout. */
async function inGate(sha: string, ...argv: string[]): Promise<string> {
  const dir = join(rig.dir, `gate-${(checkouts += 1)}`);
  await rig.git.checkOut(sha, dir);
  const seen = await rig.sandbox.run({
    argv,
    cwd: '/checkout',
    env: {},
    path: [],
    hosts: [],
    keepBytes: 65_536,
    binds: [{ from: dir, to: '/checkout', mode: 'rw' }, ...checkoutBinds({ dataDir: rig.dataDir, key: KEY })],
    limits: { ...DEFAULT_LIMITS, wallMs: 30_000 },
  });
  return `${seen.stdout}${seen.stderr}`.trim();
}

async function inSession(run: string, base: string, script: string): Promise<string> {
  const seen = await rig.inside(await rig.git.openWorktree(run, base), script);
  return `${seen.stdout}${seen.stderr}`.trim();
}

describe('tags of main are there where versions are derived from them', () => {
  test('in the session, in the gates and in a build', async () => {
    tag('v1.2.3');
    rig.land({ 'x.txt': '1' });
    const base = await rig.git.refresh();
    const described = expect.stringMatching(/^v1\.2\.3-1-g[0-9a-f]+$/) as string;
    expect(await inSession('run', base, 'git describe')).toEqual(described);
    expect(await inGate(base, 'git', 'describe')).toEqual(described);
    expect(await inGate(base, 'git', 'cat-file', '-t', 'v1.2.3')).toBe('tag');
  });

  test('as they are now: new, moved and deleted ones too, also where main stands still', async () => {
    const first = await rig.git.refresh();
    const base = rig.land({ 'x.txt': '1' });
    await rig.git.refresh();
    expect(await inGate(base, 'git', 'tag')).toBe('');

    tag('v1', first);
    rig.person('tag', 'light', base);
    rig.person('push', '-q', 'origin', 'refs/tags/light');
    await rig.git.refresh();
    expect(await inGate(base, 'git', 'tag')).toBe('light\nv1');
    expect(await inGate(base, 'git', 'describe')).toMatch(/^v1-1-g/);
    await inSession('run', base, 'true');

    tag('v1', base);
    rig.person('push', '-q', 'origin', ':refs/tags/light');
    await rig.git.refresh();
    expect(await inGate(base, 'git', 'tag')).toBe('v1');
    expect(await inGate(base, 'git', 'describe')).toBe('v1');
    expect(await inSession('later', base, 'git tag; git describe')).toBe('v1\nv1');
  });

  test('but not those of other branches, nor what only they hold', async () => {
    rig.person('checkout', '-q', '-b', 'side');
    rig.person('commit', '-q', '--allow-empty', '-m', 'Side');
    tag('side-1');
    const side = rig.person('rev-parse', 'HEAD');
    rig.person('checkout', '-q', 'main');
    const base = await rig.git.refresh();
    expect(await inGate(base, 'git', 'tag')).toBe('');
    expect(() => plainGit(repoLayout(rig.dataDir, KEY).clean, 'cat-file', '-e', side)).toThrow();
  });
});

test('names that a shell or git would misread are names and nothing else', async () => {
  const odd = ['-n', '$(touch${IFS}sprung)', "it's;`id`", 'ünïcode', 'a/b/c'];
  for (const name of odd) {
    rig.person('update-ref', `refs/tags/${name}`, 'HEAD');
    rig.person('push', '-q', 'origin', `refs/tags/${name}`);
  }
  const base = rig.land({ 'x.txt': '1' });
  await rig.git.refresh();
  expect((await inGate(base, 'git', '-c', 'core.quotePath=false', 'tag')).split('\n').toSorted()).toEqual(
    odd.toSorted(),
  );
  expect(existsSync(join(repoLayout(rig.dataDir, KEY).home, 'sprung'))).toBe(false);
  for (const name of odd) rig.person('push', '-q', 'origin', `:refs/tags/${name}`);
  await rig.git.refresh();
  expect(await inGate(base, 'git', 'tag')).toBe('');
});

test('more tags than name versions are left out, and main is taken all the same', async () => {
  const at = plainGit(rig.remote, 'rev-parse', 'main');
  const lines = Array.from(
    { length: MOST_TAGS + 1 },
    (_one, n) => `${at} refs/tags/build-${String(n).padStart(6, '0')}\n`,
  );
  const file = join(rig.remote, 'packed-refs');
  writeFileSync(file, `# pack-refs with: peeled fully-peeled sorted \n${lines.join('')}`);
  const landed = rig.land({ 'x.txt': '1' });
  expect(await rig.git.refresh()).toBe(landed);
  expect(await inGate(landed, 'git', 'tag')).toBe('');

  writeFileSync(file, `# pack-refs with: peeled fully-peeled sorted \n${lines[0]}`);
  await rig.git.refresh();
  expect(await inGate(landed, 'git', 'describe', '--tags')).toMatch(/^build-000000-1-g/);
});

test('a clone that was taken away is made anew, though the remote shows what it showed before', async () => {
  tag('v1');
  const base = await rig.git.refresh();
  const { checkout, clean } = repoLayout(rig.dataDir, KEY);
  for (const gone of [checkout, clean]) {
    rmSync(gone, { recursive: true });
    expect(await rig.git.refresh()).toBe(base);
    expect(await inGate(base, 'git', 'describe')).toBe('v1');
    expect(await inSession(gone === clean ? 'one' : 'two', base, 'git describe')).toBe('v1');
  }
});
