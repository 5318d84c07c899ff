/** Names are bytes: what git holds may be no UTF-8, and hold line ends, quotes or what git itself would read as more than a name. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bytesOfPath, pathOfBytes } from '../../domain/gates/path-name.ts';
import { openGitRig, plainGit, type GitRig } from './git-rig.ts';

let rig: GitRig;
beforeEach(() => {
  rig = openGitRig();
});
afterEach(() => rig.close());

const named = (name: string): string => pathOfBytes(Buffer.from(name, 'latin1'));
const ACUTE = named('caf\xe9.txt');
const GRAVE = named('caf\xe8.txt');
const ODD = ['a\nb.txt', '-rf', ':(exclude)x', '"quoted\\".txt', 'sp ace/ä.txt', '*'];

/** Commits files by their bytes, in the person's clone, and pushes them to main. */
function land(files: Readonly<Record<string, string>>, gone: readonly string[] = []): string {
  const clone = join(rig.dir, 'person');
  const input = Buffer.concat(
    [
      ...Object.entries(files).map(([path, text]) => {
        const blob = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: clone, input: text })
          .toString()
          .trim();
        return Buffer.concat([Buffer.from(`100644 ${blob}\t`), bytesOfPath(path)]);
      }),
      ...gone.map((path) => Buffer.concat([Buffer.from(`0 ${'0'.repeat(40)}\t`), bytesOfPath(path)])),
    ].map((line) => Buffer.concat([line, Buffer.of(0)])),
  );
  execFileSync('git', ['update-index', '-z', '--index-info'], { cwd: clone, input });
  plainGit(clone, 'commit', '--quiet', '-m', 'Odd names');
  plainGit(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  return plainGit(clone, 'rev-parse', 'HEAD');
}

it('two names that are not UTF-8 stay two, and each is read by its own', async () => {
  const sha = land({ [ACUTE]: 'acute', [GRAVE]: 'grave' });
  await rig.git.refresh();

  expect(await rig.git.files(sha)).toEqual(expect.arrayContaining([ACUTE, GRAVE]));
  expect(await rig.git.readFile(sha, ACUTE)).toBe('acute');
  expect(await rig.git.readFile(sha, GRAVE)).toBe('grave');
  expect(await rig.git.readFile(sha, 'caf\ufffd.txt')).toBeNull();
  expect((await rig.git.blobs(sha, [ACUTE, GRAVE])).size).toBe(2);
});

it('a change of one of them is a change of it, in what changed, in what was added and commit by commit', async () => {
  const base = land({ [ACUTE]: 'one\n', [GRAVE]: 'one\n' });
  const head = land({ [ACUTE]: 'one\ntwo\n' }, [GRAVE]);
  await rig.git.refresh();

  const changed = await rig.git.changedFiles(base, head);
  expect(new Map(changed.map(({ path, status }) => [path, status]))).toEqual(
    new Map([
      [ACUTE, 'modified'],
      [GRAVE, 'deleted'],
    ]),
  );
  const added = [{ path: ACUTE, line: 2, text: 'two' }];
  expect(await rig.git.additions(base, head)).toEqual(added);
  expect(await rig.git.commitAdditions(base, head)).toEqual([{ sha: head, added }]);
});

it('is laid over a checkout, and taken away from it, by its bytes alone', async () => {
  const base = land({ [ACUTE]: 'acute', [GRAVE]: 'grave', ...Object.fromEntries(ODD.map((name) => [name, 'odd'])) });
  const head = land({ [ACUTE]: 'changed' }, [GRAVE, ...ODD]);
  await rig.git.refresh();
  const tree = join(rig.dir, 'tree');
  await rig.git.checkOut(head, tree);
  const inTree = (path: string): Buffer => Buffer.concat([Buffer.from(`${tree}/`), bytesOfPath(path)]);

  await rig.git.overlay(base, tree, [ACUTE, GRAVE, ...ODD]);
  expect(readFileSync(inTree(ACUTE), 'utf8')).toBe('acute');
  for (const path of [GRAVE, ...ODD]) expect(existsSync(inTree(path)), path).toBe(true);

  await rig.git.overlay(head, tree, [GRAVE, ...ODD]);
  expect(
    readdirSync(tree, { encoding: 'buffer' })
      .map((name) => name.toString('latin1'))
      .toSorted(),
  ).toEqual(['.git', 'caf\xe9.txt', 'readme.md', 'src'].toSorted());
});

it('one over which a merge conflicts is named as git names it', async () => {
  const base = land({ [ACUTE]: 'base\n' });
  const theirs = land({ [ACUTE]: 'theirs\n' });
  rig.person('checkout', '--quiet', '--detach', base);
  rig.person('read-tree', base);
  const clone = join(rig.dir, 'person');
  const blob = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: clone, input: 'ours\n' }).toString().trim();
  const input = Buffer.concat([Buffer.from(`100644 ${blob}\t`), bytesOfPath(ACUTE), Buffer.of(0)]);
  execFileSync('git', ['update-index', '-z', '--index-info'], { cwd: clone, input });
  plainGit(clone, 'commit', '--quiet', '-m', 'Ours');
  const ours = rig.person('rev-parse', 'HEAD');
  rig.person('push', '--quiet', '--force', 'origin', 'HEAD:main');
  await rig.git.refresh();
  rig.person('push', '--quiet', '--force', 'origin', `${theirs}:main`);
  await rig.git.refresh();

  expect(await rig.git.merge(ours, theirs, 'Merge')).toEqual({ kind: 'conflicts', files: ['"caf\\351.txt"'] });
});
