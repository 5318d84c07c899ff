/** Histories of many commits: counted and read by a few calls of git, with nothing in them overlooked. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tooLarge } from '../../domain/gates/change-size.ts';
import { secretsInCommits } from '../gates/secrets.ts';
import { createChange } from './change.ts';
import { openGitRig, type GitRig } from './git-rig.ts';
import { createTrustedGit, type TrustedGit } from './trusted.ts';

const TOKEN = `ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6'}`;

let rig: GitRig;
let clone: string;
let calls: string[];
let change: ReturnType<typeof createChange>;
beforeEach(() => {
  rig = openGitRig();
  clone = join(rig.dir, 'person');
  const home = join(rig.dir, 'home');
  mkdirSync(home);
  const git = createTrustedGit({ gitDir: join(clone, '.git'), home, cwd: home });
  calls = [];
  const counted: TrustedGit = {
    run: (args, call) => git.run(args, call),
    text(args, call) {
      calls.push(args[0] ?? '');
      return git.text(args, call);
    },
  };
  change = createChange(counted);
});
afterEach(() => rig.close());

/** As many commits on top of HEAD, each of one file, by one process; commit 700 holds a secret that 701 takes out. */
function commitMany(count: number): string {
  const from = rig.person('rev-parse', 'HEAD');
  const lines = Array.from({ length: count }, (_, at) => {
    const text = at === 700 ? `key = ${TOKEN}\n` : `${at}\n`;
    const parent = at === 0 ? `from ${from}\n` : '';
    return `commit refs/heads/many\ncommitter A <a@example.invalid> ${1_700_000_000 + at} +0000\ndata 2\nc\n${parent}M 100644 inline counter.txt\ndata ${text.length}\n${text}\n`;
  });
  execFileSync('git', ['fast-import', '--quiet'], { cwd: clone, input: lines.join('') });
  return rig.person('rev-parse', 'many');
}

it('1,500 commits are counted and read by a handful of calls, and a secret that one takes out again is found in its commit', async () => {
  const base = rig.person('rev-parse', 'HEAD');
  const head = commitMany(1_500);

  expect(await change.measure(base, head)).toMatchObject({ commits: 1_500, paths: 1, touches: 1_500 });
  const additions = await change.commitAdditions(base, head);

  expect(calls.length).toBeLessThan(12);
  expect(additions).toHaveLength(1_500);
  const [found, ...more] = await secretsInCommits(additions);
  expect(more).toEqual([]);
  expect(found).toMatchObject({ path: 'counter.txt', line: 1, sha: rig.person('rev-parse', `${head}~799`) });
});

it('more commits than a change may have are counted, and nothing of them is read', async () => {
  const base = rig.person('rev-parse', 'HEAD');
  const head = commitMany(2_500);

  expect(await change.measure(base, head)).toMatchObject({ commits: 2_500, paths: 0 });
  expect(calls).toEqual(['rev-list']);
});

it('messages are weighed before they are read', async () => {
  const base = rig.person('rev-parse', 'HEAD');
  const message = join(clone, '..', 'message');
  writeFileSync(message, `${'x'.repeat(1_000)}\n`.repeat(9 * 1_024));
  rig.person('commit', '--quiet', '--allow-empty', '-F', message);

  const size = await change.measure(base, rig.person('rev-parse', 'HEAD'));
  expect(tooLarge(size)).toMatch(/^The messages of your commits have 9 MB in all, more than the 8 MB/);
});

it('a merge adds what none of its parents has, also in what git calls binary, and not what they brought', async () => {
  const base = rig.land({ 'a.txt': 'base\n', 'b.bin': '\0base\n' });
  const theirs = rig.land({ 'a.txt': 'theirs\n', 'c.txt': 'c\n', 'b.bin': '\0theirs\n' });
  rig.person('checkout', '--quiet', '-b', 'ours', base);
  execFileSync('/bin/sh', ['-ec', "echo ours > a.txt; printf '\\0ours\\n' > b.bin"], { cwd: clone });
  rig.person('commit', '--quiet', '-a', '-m', 'Ours');
  try {
    rig.person('merge', '--quiet', theirs);
  } catch {
    // It conflicts, as it is meant to.
  }
  execFileSync(
    '/bin/sh',
    [
      '-ec',
      `printf 'theirs\\nours\\nslipped\\n' > a.txt; printf '\\0ours\\n${TOKEN}\\n' > b.bin; echo new > d.txt; git add -A`,
    ],
    { cwd: clone },
  );
  rig.person('commit', '--quiet', '-m', 'Merge');
  const head = rig.person('rev-parse', 'HEAD');

  const [, merge] = await change.commitAdditions(theirs, head);
  expect(merge?.added.filter(({ text }) => text !== '')).toEqual([
    { path: 'a.txt', line: 3, text: 'slipped' },
    { path: 'b.bin', line: 2, text: TOKEN },
    { path: 'd.txt', line: 1, text: 'new' },
  ]);
});

it('a history of its own that is merged is looked at from its first commit on', async () => {
  const base = rig.person('rev-parse', 'HEAD');
  rig.person('checkout', '--quiet', '--orphan', 'other');
  execFileSync('/bin/sh', ['-ec', `echo ${TOKEN} > root.txt; git add root.txt`], { cwd: clone });
  rig.person('commit', '--quiet', '-m', 'Root');
  execFileSync('/bin/sh', ['-ec', 'git rm -q root.txt'], { cwd: clone });
  rig.person('commit', '--quiet', '-m', 'Gone');
  rig.person('checkout', '--quiet', '-f', 'main');
  rig.person('merge', '--quiet', '--allow-unrelated-histories', '-X', 'ours', '-m', 'Both', 'other');

  const additions = await change.commitAdditions(base, rig.person('rev-parse', 'HEAD'));
  expect((await secretsInCommits(additions)).map(({ path, line }) => [path, line])).toEqual([['root.txt', 1]]);
});
