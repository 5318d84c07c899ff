import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import type { RunRow } from '../../store/port.ts';
import { CONTRACT, ended, inStage, LIB, openRig, SOON, topicsOf, type Rig } from './rig.ts';
import { ACCEPT, addFunction, commit } from './scenarios.ts';
import { runSubject } from '../../domain/unit.ts';

/** Green in its tests, red in the build: the contract's build refuses a library that exports `broken`. */
function breaks(name: string): { readonly steps: readonly object[] } {
  const body = `export const broken = true;\nexport function ${name}(a) {\n  return a * 10;\n}`;
  return addFunction(name, body, '20') as { steps: object[] };
}

const SUBMIT = { calls: [{ submit: [] }] };

function edit(command: string, subject: string, expect?: object): object {
  return { ...(expect === undefined ? {} : { expect }), calls: [{ bash: `${command}\n${commit(subject)}` }] };
}

describe.skipIf(!has('temporal') || !has('bwrap'))('fix-forward', { timeout: 120_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({
      bounds: { fixAttempts: 2 },
      contract: { ...CONTRACT, build: ['sleep 1', ...CONTRACT.build] },
    });
  });
  afterAll(() => rig.close());

  const clean = (): string =>
    rig.land({ 'lib.mjs': LIB, ...Object.fromEntries(testsOnMain().map((path) => [path, ''])) }, 'Clean up');
  const testsOnMain = (): string[] =>
    rig
      .git('ls-tree', '-r', '--name-only', 'main', 'test/')
      .split('\n')
      .filter((path) => !path.endsWith('lib.test.mjs'));

  it('a red deploy is mended by a further commit: the session reads the failing log, the recorded red is the red evidence', async () => {
    rig.scenario('Times ten', {
      triage: ACCEPT,
      steps: [
        ...breaks('ten').steps,
        edit('sed -i /broken/d lib.mjs', 'Mend the build', {
          lastMessage: { contains: ['the stage build is red', 'exited with 1'], notContains: 'git merge' },
        }),
        SUBMIT,
      ],
    });
    const issue = await rig.release('Times ten');
    const run = await rig.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(run.state.progress).toMatchObject({ fixes: 1, red: { stage: 'build' } });
    expect(rig.pushes()).toHaveLength(2);
    expect((await rig.tracker.read(issue.number))?.state).toBe('closed');
    const red = (await rig.store.evidence.list(runSubject(run.id))).filter((row) => row.kind === 'red');
    expect(red.at(-1)?.summary).toContain('the recorded red stands for it: build of');
    await expect.poll(() => rig.store.capacity.held(), SOON).toEqual([]);
  });

  it('is bounded: after the last attempt the broken state is frozen, nothing reverted (invariant 7)', async () => {
    const attempt = (n: number): object[] => [edit(`echo '// attempt ${n}' >> lib.mjs`, `Attempt ${n}`), SUBMIT];
    rig.scenario('Times hundred', {
      triage: ACCEPT,
      steps: [...breaks('hundred').steps, ...attempt(1), ...attempt(2)],
    });
    const issue = await rig.release('Times hundred');
    const run = await rig.run(issue.number, inStage('frozen'));

    expect(run.state).toMatchObject({ reason: expect.stringContaining('2 of 2 fix-forward attempts were made') });
    expect(rig.git('rev-parse', 'main')).toBe(run.state.progress.pushed);
    expect((await rig.tracker.read(issue.number))?.state).toBe('open');
    const opened = (await rig.store.runs.transitions(run.id)).filter((one) => one.cause === 'main-ours');
    expect(opened).toHaveLength(3);
    await rig.act(run.id, { kind: 'unfreeze', way: 'abandon' });
    await rig.run(issue.number, ended);
    clean();
  });

  it('a person who was quicker ends it superseded: main is healthy again with their commit on top', async () => {
    const { run, issue } = await pausedInWatch('Times thousand', breaks('thousand'));
    const mended = rig.git('show', 'main:lib.mjs').replace(/export const broken = true;\n/, '');
    rig.land({ 'lib.mjs': `${mended}\n` }, 'Mend it by hand');
    await rig.act(run.id, { kind: 'resume' });
    const after = await rig.run(issue, ended);

    expect(after.state, JSON.stringify(after.state)).toMatchObject({
      outcome: 'superseded',
      reason: expect.stringContaining('somebody else mended it'),
      progress: { fixes: 0 },
    });
    expect((await rig.tracker.read(issue))?.state).toBe('open');
    clean();
  });

  it('red that others brought is no attempt: the run waits for main, then mends its own on top of it', async () => {
    const { run, issue } = await pausedInWatch('Times million', {
      steps: [
        ...breaks('million').steps,
        edit(
          'git merge -q --no-edit "$(git rev-parse refs/remotes/origin/main)" && sed -i /broken/d lib.mjs',
          'Mend the build',
          {
            lastMessage: { contains: ['the stage build is red', 'git merge'] },
          },
        ),
        SUBMIT,
      ],
    });
    const theirs = {
      'test/theirs.test.mjs': "import { test } from 'node:test';\ntest('theirs', () => { throw new Error('no'); });\n",
    };
    const foreign = rig.land(theirs, 'Break the tests');
    await rig.act(run.id, { kind: 'resume' });
    const waiting = await rig.run(issue, (now) => now.state.stage === 'fix' && now.state.redMain !== null);

    expect(waiting.state).toMatchObject({ redMain: foreign, progress: { fixes: 0 } });
    await expect.poll(() => rig.store.capacity.held(), SOON).toEqual([]);
    await expect.poll(() => topicsOf(rig, run), SOON).toEqual(['base-red']);

    rig.land({ 'test/theirs.test.mjs': '' }, 'Mend the tests');
    const after = await rig.run(issue, ended);
    expect(after.outcome, JSON.stringify(after.state)).toBe('shipped');
    expect(after.state.progress.fixes).toBe(1);
    clean();
  });

  it("what was red on main before our push is nobody's attempt", async () => {
    const green = rig.git('show', 'main:lib.mjs');
    rig.land({ 'lib.mjs': `${green}\nexport const broken = true;\n` }, 'Break the build');
    rig.scenario('Times billion', addFunction('billion', 'export function billion(a) {\n  return a * 10;\n}', '20'));
    const issue = await rig.release('Times billion');
    const waiting = await rig.run(issue.number, (now) => now.state.stage === 'fix' && now.state.redMain !== null);

    expect(waiting.state.progress).toMatchObject({ fixes: 0, red: { stage: 'build' } });
    const now = rig.git('show', 'main:lib.mjs');
    rig.land({ 'lib.mjs': `${now.replace('export const broken = true;', '')}\n` }, 'Mend the build');
    const after = await rig.run(issue.number, ended);
    expect(after.outcome, JSON.stringify(after.state)).toBe('superseded');
  });

  /** The build takes its time, and the person stops the run while it is watched. */
  async function pausedInWatch(title: string, scenario: object): Promise<{ run: RunRow; issue: number }> {
    rig.scenario(title, { triage: ACCEPT, ...scenario });
    const issue = (await rig.release(title)).number;
    const { id } = await rig.run(issue, inStage('watch'));
    await rig.act(id, { kind: 'pause' });
    return { run: await rig.run(issue, (run) => run.state.progress.pause !== null), issue };
  }
});
