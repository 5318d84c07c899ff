/** Whose a red is, over a real remote and real deploy commands; the checks of main say what a test needs. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FRESH } from '../../domain/stage.ts';
import { inActivity, openRig, RUN, type Rig } from './watch-rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const MINUTE = 60_000;
const onlyMended = { command: 'grep -q mended app.txt' };

/** As it is after our commit was watched and found red: `onto` is main before our push. */
async function redOf(sha: string, onto: string): Promise<void> {
  const red = { sha, stage: 'deploy', reason: 'no' };
  const progress = { ...FRESH.progress, base: onto, pushed: sha, onto, firstRedAt: 1, red };
  const state = { stage: 'fix', progress, sha, brief: null, redMain: null, told: false, asked: null } as const;
  await rig.store.runs.transition(RUN, { seq: 1, state, effects: [], cause: 'red', at: 1 });
}

describe('whose a red is', () => {
  it('ours, while main is as we pushed it', async () => {
    const ours = await rig.commit('app.txt', 'two\n');
    await redOf(ours, rig.sha);
    const { judgeMain } = rig.start({ target: onlyMended });
    const judged = await inActivity(judgeMain, { runId: RUN, sha: ours, asked: false });
    expect(judged).toEqual({ kind: 'main-ours', main: ours });
  });

  it('nobody has to mend it any more when others have: main is healthy', async () => {
    const ours = await rig.commit('app.txt', 'two\n');
    await redOf(ours, rig.sha);
    const theirs = await rig.commit('app.txt', 'mended\n');
    const { judgeMain } = rig.start({ target: onlyMended });
    const judged = await inActivity(judgeMain, { runId: RUN, sha: ours, asked: false });
    expect(judged).toEqual({ kind: 'main-healthy', sha: theirs, proven: ['deploy'] });
  });

  it('ours still, where others landed on top and main is as red as before', async () => {
    const ours = await rig.commit('app.txt', 'two\n');
    await redOf(ours, rig.sha);
    const theirs = await rig.commit('other.txt', 'x\n');
    const { judgeMain } = rig.start({ target: onlyMended });
    const judged = await inActivity(judgeMain, { runId: RUN, sha: ours, asked: false });
    expect(judged).toEqual({ kind: 'main-ours', main: theirs });
  });

  it('theirs, where the checks of main fail with what they landed', async () => {
    const ours = await rig.commit('app.txt', 'two\n');
    await redOf(ours, rig.sha);
    const theirs = await rig.commit('other.txt', 'x\n');
    const { judgeMain } = rig.start({
      target: onlyMended,
      mainChecks: { verdict: 'red', reason: 'check unit: "x" fails' },
    });
    const judged = await inActivity(judgeMain, { runId: RUN, sha: ours, asked: false });
    expect(judged).toEqual({ kind: 'main-red', sha: theirs, reason: 'check unit: "x" fails' });
  });

  it('nobody is to mend what a person took back from main, healthy or not', async () => {
    const ours = await rig.commit('app.txt', 'two\n');
    await redOf(ours, rig.sha);
    await rig.resetMain(rig.sha);
    const { judgeMain } = rig.start({ target: onlyMended });
    const judged = await inActivity(judgeMain, { runId: RUN, sha: ours, asked: false });
    expect(judged).toEqual({ kind: 'taken-back', main: rig.sha, sha: ours });
    // Who asks for another session all the same is told why there is none.
    const asked = await inActivity(judgeMain, { runId: RUN, sha: ours, asked: true });
    expect(asked).toMatchObject({ kind: 'failed', reason: expect.stringContaining(`without ${ours}`) as string });
  });

  it('nor what a person reverted by a commit, unless one asks for another session on top of that', async () => {
    const ours = await rig.commit('app.txt', 'two\n');
    await redOf(ours, rig.sha);
    const main = await rig.revert(ours);
    const { judgeMain } = rig.start({ target: onlyMended });
    const judged = await inActivity(judgeMain, { runId: RUN, sha: ours, asked: false });
    expect(judged).toEqual({ kind: 'taken-back', main, sha: ours });
    const asked = await inActivity(judgeMain, { runId: RUN, sha: ours, asked: true });
    expect(asked).toEqual({ kind: 'main-ours', main });
  });

  it('a person decides where main became another history, and that is not deployed to find out', async () => {
    const ours = await rig.commit('app.txt', 'two\n');
    await redOf(ours, rig.sha);
    const other = await rig.replaceMain();
    const { judgeMain } = rig.start({ target: { command: `echo deployed >> ${join(rig.dir, 'deploys')}` } });
    const judged = await inActivity(judgeMain, { runId: RUN, sha: ours, asked: false });
    expect(judged).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(`${other}.*neither ${ours}`) as string,
    });
    expect(existsSync(join(rig.dir, 'deploys'))).toBe(false);
  });
});

describe('a green watch', () => {
  it('does not call shipped what a person reverted meanwhile; a revert of the revert is none', async () => {
    const ours = await rig.commit('app.txt', 'two\n');
    await redOf(ours, rig.sha);
    const { watchDeploy } = rig.start({ target: { command: 'true' } });
    const main = await rig.revert(ours);
    expect(await inActivity(watchDeploy, { runId: RUN, sha: ours })).toEqual({ kind: 'taken-back', main, sha: ours });
    await rig.revert(main);
    expect(await inActivity(watchDeploy, { runId: RUN, sha: ours })).toMatchObject({ kind: 'green' });
  });

  it.each(['taken back', 'still there, under a later commit', 'gone with all the history'])(
    'looks at main once more: our commit is %s',
    async (now) => {
      const ours = await rig.commit('app.txt', 'two\n');
      await redOf(ours, rig.sha);
      const { watchDeploy } = rig.start({ target: { command: 'true' } });
      if (now === 'taken back') await rig.resetMain(rig.sha);
      else if (now === 'gone with all the history') await rig.replaceMain();
      else await rig.commit('later.txt', 'x\n');
      expect(await inActivity(watchDeploy, { runId: RUN, sha: ours })).toMatchObject(
        {
          'taken back': { kind: 'taken-back', main: rig.sha, sha: ours },
          'still there, under a later commit': { kind: 'green' },
          'gone with all the history': { kind: 'unwatchable', reason: expect.stringContaining(ours) as string },
        }[now] ?? {},
      );
    },
  );
});

describe('a remote that cannot be reached, with something of ours on main', () => {
  const environment = (attempt: number): MockActivityEnvironment =>
    new MockActivityEnvironment({ attempt, scheduledTimestampMs: 1_000 });

  beforeEach(() => renameSync(join(rig.dir, 'remote.git'), join(rig.dir, 'away.git')));

  it('is tried again, and a person is called before long (invariant 10)', async () => {
    const { judgeMain, proveHead } = rig.start({ now: () => 1_000 + MINUTE });
    const judge = inActivity(judgeMain, { runId: RUN, sha: rig.sha, asked: false }, environment(4));
    await expect(judge).rejects.toThrow('remote.git');
    const prove = inActivity(proveHead, { runId: RUN, sha: rig.sha, reverted: true }, environment(4));
    await expect(prove).rejects.toThrow('remote.git');
    const called = await rig.store.escalations.list({ run: RUN });
    expect(called.map(({ topic, severity }) => [topic, severity])).toEqual([
      ['remote-unreachable', 'high'],
      ['remote-unreachable', 'high'],
    ]);
  });

  it('freezes the run after an hour, and proves nothing', async () => {
    const { judgeMain, proveHead } = rig.start({ now: () => 1_000 + 60 * MINUTE });
    expect(await inActivity(judgeMain, { runId: RUN, sha: rig.sha, asked: false }, environment(90))).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('was tried for 60 minutes') as string,
    });
    expect(await inActivity(proveHead, { runId: RUN, sha: rig.sha, reverted: true }, environment(90))).toMatchObject({
      kind: 'not-proven',
      reason: expect.stringContaining('was tried for 60 minutes') as string,
    });
  });
});
