/** Work folders over real git and a real store: what goes, and what nothing may take away. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import { FRESH, type RunState } from '../../domain/stage.ts';
import { openSql, openStore } from '../../store/open.ts';
import type { Store } from '../../store/port.ts';
import { KEY, openGitRig, type GitRig } from '../git/git-rig.ts';
import { holdingLock } from '../git/host-lock.ts';
import { repoLayout, runLayout } from '../git/layout.ts';
import { clearAway, startJanitor, WORKTREE_DAYS, type JanitorDeps } from './janitor.ts';

const DAY = 24 * 60 * 60_000;
const NOW = 1_000 * DAY;
const SHIPPED: RunState = { stage: 'ended', progress: FRESH.progress, outcome: 'shipped', reason: 'live' };
const FROZEN = { stage: 'frozen', progress: FRESH.progress, reason: 'red' } as unknown as RunState;

let git: GitRig;
let store: Store;
let said: string[];
beforeEach(async () => {
  git = openGitRig();
  said = [];
  store = await openStore({ kind: 'sqlite', file: join(git.dir, 'store.db') }, join(git.dir, 'blobs'));
});
afterEach(async () => {
  await store.close();
  await git.close();
});

const deps = (): JanitorDeps => ({
  store,
  dataDir: git.dataDir,
  gitOf: () => git.git,
  say: (line) => void said.push(line),
  now: () => NOW,
});

async function runWithFolder(id: string, state: RunState, at: number): Promise<void> {
  const identity = { repo: KEY, repoName: 'acme/shop', issue: 1, title: 't', release: id };
  await store.runs.create({ id, ...identity, bounds: DEFAULT_BOUNDS, at: at - 1 });
  await store.runs.transition(id, { seq: 1, state, effects: [], cause: 'test', at });
  await git.git.openWorktree(id, await git.git.refresh());
}

const left = (id: string): boolean => existsSync(runLayout(git.dataDir, id).root);

test('the folder of a run goes some days after its end, and stays while people may still look at it', async () => {
  await runWithFolder('old', SHIPPED, NOW - (WORKTREE_DAYS + 1) * DAY);
  await runWithFolder('fresh', SHIPPED, NOW - (WORKTREE_DAYS - 1) * DAY);

  expect(await clearAway(deps())).toMatchObject({ worktrees: ['old'] });
  expect([left('old'), left('fresh'), said]).toEqual([false, true, []]);
});

test('work that is neither on main nor handed over is never cleared away, however old (invariant 11)', async () => {
  await runWithFolder('unpushed', SHIPPED, NOW - 300 * DAY);
  const worktree = await git.git.openWorktree('unpushed', await git.git.refresh());
  await git.inside(worktree, 'echo x > new.md; git add new.md; git commit -q -m New');

  expect(await clearAway(deps())).toMatchObject({ worktrees: [] });
  expect(left('unpushed')).toBe(true);
  expect(said.join('\n')).toContain('neither on main nor handed over');
});

test('a frozen run keeps all that it has, and so does a run that no row knows (invariant 12)', async () => {
  await runWithFolder('frozen', FROZEN, NOW - 300 * DAY);
  await git.git.openWorktree('unknown', await git.git.refresh());

  expect(await clearAway(deps())).toMatchObject({ worktrees: [] });
  expect([left('frozen'), left('unknown')]).toEqual([true, true]);
});

test('a pass that fails is said, and the janitor goes on until it is stopped', async () => {
  await store.close();
  const janitor = startJanitor(deps());
  await expect.poll(() => said.join('\n')).toContain('what ended could not be cleared away');
  await janitor.stop();
});

test('facts of no family are said once, and what is behind them is cleared away all the same', async () => {
  const sql = await openSql({ kind: 'sqlite', file: join(git.dir, 'store.db') });
  await sql.query("INSERT INTO facts (key, value, at) VALUES ('fact/gone/x', '1', 1)");
  await sql.close();
  await runWithFolder('old', SHIPPED, NOW - (WORKTREE_DAYS + 1) * DAY);

  const janitor = startJanitor(deps());
  await expect.poll(() => said).toEqual([expect.stringContaining('such as gone/x')]);
  await janitor.stop();
  expect(left('old')).toBe(false);
});

test('what somebody who died had put aside is removed, and nobody who holds the repo is waited for', async () => {
  await runWithFolder('old', SHIPPED, NOW - (WORKTREE_DAYS + 1) * DAY);
  await git.git.removeWorktree('old');
  const { gone } = runLayout(git.dataDir, 'old');
  mkdirSync(gone, { recursive: true });
  writeFileSync(join(gone, 'rest'), 'x');

  const cleared = await holdingLock(repoLayout(git.dataDir, KEY).lock, () => clearAway(deps()));
  expect(cleared).toMatchObject({ worktrees: ['old'] });
  expect([existsSync(gone), said]).toEqual([false, []]);
});

test('its stop waits for the folder that it is at, and for no other', async () => {
  for (const id of ['one', 'two']) await runWithFolder(id, SHIPPED, NOW - (WORKTREE_DAYS + 1) * DAY);
  const asked: string[] = [];
  const gitOf: JanitorDeps['gitOf'] = (repo) => {
    asked.push(repo);
    return git.git;
  };

  const { stopped } = await holdingLock(repoLayout(git.dataDir, KEY).lock, async () => {
    const janitor = startJanitor({ ...deps(), gitOf });
    await expect.poll(() => asked).toEqual([KEY]);
    return { stopped: janitor.stop() };
  });
  await stopped;
  expect(['one', 'two'].filter(left)).toHaveLength(1);
});
