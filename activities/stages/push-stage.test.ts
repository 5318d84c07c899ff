/** Push and merge over a real remote, store and effects: what main must hold, and what is remembered of an answer. */
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import { FRESH, type Progress } from '../../domain/stage.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/port.ts';
import { noCrash } from '../effects/crash-point.ts';
import { createPerformEffect } from '../effects/perform.ts';
import { bundleInside, openGitRig, plainGit, type GitRig } from '../git/git-rig.ts';
import { createStageActivities, type StageActivities } from './stages.ts';
import { runSubject } from '../../domain/unit.ts';

const RUN = 'run-1';
let rig: GitRig;
let store: Store;
beforeEach(async () => {
  rig = openGitRig();
  store = await openStore({ kind: 'sqlite', file: join(rig.dir, 'store.db') }, join(rig.dir, 'blobs'));
  const about = { id: RUN, repo: 'shop-1', repoName: 'acme/shop', issue: 1, title: 'Prices', release: 'r1' };
  await store.runs.create({ ...about, bounds: DEFAULT_BOUNDS, at: 1 });
});
afterEach(async () => {
  await store.close();
  await rig.close();
});

const unasked = (): never => {
  throw new Error('nothing of this test is judged by gates');
};

function inActivity<D extends 'pushRun' | 'mergeRun'>(what: D, head: string): ReturnType<StageActivities[D]> {
  const stages = createStageActivities({
    store,
    git: rig.git,
    gates: { proveBase: unasked, verify: unasked },
    contractAt: unasked,
    issueOf: unasked,
    perform: createPerformEffect({ log: store.effects, crash: noCrash, now: Date.now }),
    isKilled: async () => false,
    now: Date.now,
  });
  return new MockActivityEnvironment().run(stages[what] as never, { runId: RUN, head } as never) as never;
}

let seq = 0;
async function standAt(progress: Partial<Progress>, head: string): Promise<void> {
  const state = { stage: 'push', progress: { ...FRESH.progress, ...progress }, head, mergeWith: null } as const;
  await store.runs.transition(RUN, { seq: ++seq, state, effects: [], cause: 'test', at: 1 });
}
beforeEach(() => {
  seq = 0;
});

async function proven(base: string, file = 'mine.md'): Promise<string> {
  const worktree = await rig.git.openWorktree(RUN, base);
  const bundle = await bundleInside(rig, worktree, `echo mine > ${file}; git add ${file}; git commit -qm Mine`);
  return rig.git.importBundle(RUN, bundle);
}

const main = (): string => plainGit(rig.remote, 'rev-parse', 'main');
const setMain = (sha: string): string => plainGit(rig.remote, 'update-ref', 'refs/heads/main', sha);
const otherHistory = (): string =>
  plainGit(rig.remote, 'commit-tree', plainGit(rig.remote, 'rev-parse', 'main^{tree}'), '-m', 'Other');

describe('history that a person took back from main does not come back', () => {
  it.each(['pushRun', 'mergeRun'] as const)(
    'by %s before anything of ours is there: a person reads both shas',
    async (what) => {
      const before = main();
      const base = rig.land({ 'leak.txt': 'must go\n' }, 'Oops');
      await rig.git.refresh();
      const head = await proven(base);
      await standAt({ base }, head);
      setMain(before);

      const reason = expect.stringMatching(`${before} does not contain ${base}`) as string;
      expect(await inActivity(what, head)).toMatchObject({ kind: 'failed', reason });
      expect(main()).toBe(before);
      expect(await store.effects.list(runSubject(RUN))).toEqual([]);
    },
  );

  it.each(['pushRun', 'mergeRun'] as const)(
    'by %s of a fix on top of ours: the run is told that ours was taken back',
    async (what) => {
      const onto = await rig.git.refresh();
      const first = await proven(onto);
      await standAt({ base: onto }, first);
      expect(await inActivity('pushRun', first)).toEqual({ kind: 'pushed', sha: first });
      const fix = await proven(onto, 'fix.md');
      await standAt({ base: first, pushed: first, onto }, fix);
      setMain(onto);
      const landed = rig.land({ 'theirs.md': 'x\n' });

      expect(await inActivity(what, fix)).toEqual({ kind: 'taken-back', main: landed, sha: first });
      expect(main()).toBe(landed);
    },
  );

  it.each(['pushRun', 'mergeRun'] as const)(
    'nor by %s of a fix on top of what a person reverted by a commit; a session on top of the revert may',
    async (what) => {
      const onto = await rig.git.refresh();
      const first = await proven(onto);
      await standAt({ base: onto }, first);
      await inActivity('pushRun', first);
      const fix = await proven(onto, 'fix.md');
      await standAt({ base: first, pushed: first, onto }, fix);
      rig.person('pull', '-q', '--ff-only', 'origin', 'main');
      rig.person('revert', '--no-edit', first);
      rig.person('push', '-q', 'origin', 'HEAD:main');
      const reverted = main();

      expect(await inActivity(what, fix)).toEqual({ kind: 'taken-back', main: reverted, sha: first });
      expect(main()).toBe(reverted);
      await standAt({ base: reverted, pushed: first, onto }, fix);
      expect(await inActivity(what, fix)).toMatchObject({ kind: what === 'pushRun' ? 'raced' : 'merged' });
    },
  );

  it.each(['pushRun', 'mergeRun'] as const)(
    'and %s onto another history is no merge and no race: a person, at once',
    async (what) => {
      const base = await rig.git.refresh();
      const head = await proven(base);
      await standAt({ base }, head);
      const other = otherHistory();
      setMain(other);

      expect(await inActivity(what, head)).toMatchObject({
        kind: 'failed',
        reason: expect.stringContaining(other) as string,
      });
      expect(main()).toBe(other);
    },
  );

  it('another history in the place of ours freezes for a person, who reads all shas', async () => {
    const onto = await rig.git.refresh();
    const first = await proven(onto);
    await standAt({ base: onto, pushed: first, onto }, first);
    const other = otherHistory();
    setMain(other);

    const reason = expect.stringMatching(`${other} contains neither ${first}.* nor ${onto}`) as string;
    expect(await inActivity('pushRun', first)).toMatchObject({ kind: 'failed', reason });
  });

  it('work that builds on what was taken away is still handed over, and judged by its own base', async () => {
    const before = main();
    const base = rig.land({ 'leak.txt': 'must go\n' }, 'Oops');
    await rig.git.refresh();
    await rig.git.openWorktree(RUN, base);
    setMain(before);
    await rig.git.refresh();
    const worktree = await rig.git.openWorktree(RUN, base);
    const script =
      'echo mine > mine.md; git add mine.md; git commit -qm Mine; git bundle create -q "$OUT" HEAD "^$BASE"';
    const env = { ...worktree.env, OUT: join(worktree.outbox, 'handover.bundle'), BASE: base };
    expect(await rig.inside(worktree, script, { env })).toMatchObject({ code: 0 });
    const head = await rig.git.importBundle(RUN, join(worktree.outbox, 'handover.bundle'));
    expect(await rig.git.contains(base, head)).toBe(true);
  });
});

describe('a push that the remote refuses', () => {
  it('is not remembered as done: once a person has lifted the rule the same sha is pushed', async () => {
    const base = await rig.git.refresh();
    const head = await proven(base);
    await standAt({ base }, head);
    const hook = join(rig.remote, 'hooks', 'pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho "main is protected" >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    const refused = { kind: 'failed', reason: expect.stringContaining('main is protected') as string };
    expect(await inActivity('pushRun', head)).toMatchObject(refused);
    expect(await inActivity('pushRun', head)).toMatchObject(refused);
    // Its outcome is known: nobody is told that the push may have happened.
    expect(await store.effects.list(runSubject(RUN))).toEqual([]);

    rmSync(hook);
    expect(await inActivity('pushRun', head)).toEqual({ kind: 'pushed', sha: head });
    expect(main()).toBe(head);
    const pushes = (await store.evidence.list(runSubject(RUN))).filter((row) => row.kind === 'push');
    expect(pushes.map((row) => row.verdict)).toEqual(['red', 'green']);
  });

  it('a lost race is not remembered either', async () => {
    const base = await rig.git.refresh();
    const head = await proven(base);
    await standAt({ base }, head);
    const theirs = rig.land({ 'theirs.md': 'x\n' });
    expect(await inActivity('pushRun', head)).toEqual({ kind: 'raced', main: theirs });
    expect(await store.effects.list(runSubject(RUN))).toEqual([]);
    setMain(base);
    expect(await inActivity('pushRun', head)).toEqual({ kind: 'pushed', sha: head });
  });
});
