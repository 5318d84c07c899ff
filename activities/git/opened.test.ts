/** A run whose work is on another disk, or is gone from this one, is not begun again at the base. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isOutage } from '../../domain/outage.ts';
import { KEY, openGitRig, type GitRig } from './git-rig.ts';
import { runLayout } from './layout.ts';
import type { RepoGit } from './port.ts';
import { createRepoGit } from './repo-git.ts';

let rig: GitRig;
let places: Map<string, string>;
beforeEach(() => {
  rig = openGitRig();
  places = new Map();
});
afterEach(() => rig.close());

const folderOf = (host: string): string => join(rig.dir, host);
function gitOn(host: string): RepoGit {
  return createRepoGit({
    repo: { key: KEY, name: 'acme/shop', remote: rig.remote, branch: 'main', pushEnv: {} },
    dataDir: folderOf(host),
    now: Date.now,
    opened: {
      host,
      hostOf: async (run) => places.get(run) ?? null,
      opened: async (run) => void places.set(run, host),
    },
  });
}
const refusal = (opening: Promise<unknown>): Promise<unknown> =>
  opening.then(
    () => null,
    (error: unknown) => error,
  );

test('a run that was opened on another host is refused there as what waits, and goes on where its work is', async () => {
  const [one, two] = [gitOn('one'), gitOn('two')];
  const base = await one.refresh();
  const worktree = await one.openWorktree('r', base);
  await rig.inside(worktree, 'echo work > kept.md');
  await two.refresh();
  const refused = await refusal(two.openWorktree('r', base));

  expect(isOutage(refused)).toBe(true);
  expect(String(refused)).toContain('the work folder of run r is on the disk of host one, and this is two');
  expect(String(refused)).toContain('Start Lamplighter where the folder is');
  const again = await one.openWorktree('r', base);
  expect((await rig.inside(again, 'cat kept.md')).stdout).toContain('work');
});

test('a run whose work folder is gone from this disk waits for it, too, and does not start over', async () => {
  const one = gitOn('one');
  const base = await one.refresh();
  await one.openWorktree('r', base);
  rmSync(runLayout(folderOf('one'), 'r').root, { recursive: true });

  expect(String(await refusal(one.openWorktree('r', base)))).toContain('was made on this disk, and it is gone');
});

test('a worktree of before hosts had names is said to be here when it is next opened', async () => {
  const one = gitOn('one');
  const base = await one.refresh();
  await one.openWorktree('r', base);
  places.clear();
  await one.openWorktree('r', base);

  expect(places.get('r')).toBe('one');
});
