import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import type { RunRow } from '../../store/port.ts';
import { CONTRACT, ended, inStage, LIB, openBench, SOON, topicsOf, type Bench } from './bench.ts';
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
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({
      bounds: { fixAttempts: 2 },
      contract: { ...CONTRACT, build: ['sleep 1', ...CONTRACT.build] },
    });
  });
  afterAll(() => bench.close());

  const clean = (): string =>
    bench.land({ 'lib.mjs': LIB, ...Object.fromEntries(testsOnMain().map((path) => [path, ''])) }, 'Clean up');
  const testsOnMain = (): string[] =>
    bench
      .git('ls-tree', '-r', '--name-only', 'main', 'test/')
      .split('\n')
      .filter((path) => !path.endsWith('lib.test.mjs'));

  it('a red deploy is mended by a further commit: the session reads the failing log, the recorded red is the red evidence', async () => {
    bench.scenario('Times ten', {
      triage: ACCEPT,
      steps: [
        ...breaks('ten').steps,
        edit('sed -i /broken/d lib.mjs', 'Mend the build', {
          lastMessage: { contains: ['the stage build is red', 'exited with 1'], notContains: 'git merge' },
        }),
        SUBMIT,
      ],
    });
    const issue = await bench.release('Times ten');
    const run = await bench.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(run.state.progress).toMatchObject({ fixes: 1, red: { stage: 'build' } });
    expect(bench.pushes()).toHaveLength(2);
    expect((await bench.tracker.read(issue.number))?.state).toBe('closed');
    const red = (await bench.store.evidence.list(runSubject(run.id))).filter((row) => row.kind === 'red');
    expect(red.at(-1)?.summary).toContain('the recorded red stands for it: build of');
    await expect.poll(() => bench.store.capacity.held(), SOON).toEqual([]);
  });

  it('is bounded: after the last attempt the broken state is frozen, nothing reverted (invariant 7)', async () => {
    const attempt = (n: number): object[] => [edit(`echo '// attempt ${n}' >> lib.mjs`, `Attempt ${n}`), SUBMIT];
    bench.scenario('Times hundred', {
      triage: ACCEPT,
      steps: [...breaks('hundred').steps, ...attempt(1), ...attempt(2)],
    });
    const issue = await bench.release('Times hundred');
    const run = await bench.run(issue.number, inStage('frozen'));

    expect(run.state).toMatchObject({ reason: expect.stringContaining('2 of 2 fix-forward attempts were made') });
    expect(bench.git('rev-parse', 'main')).toBe(run.state.progress.pushed);
    expect((await bench.tracker.read(issue.number))?.state).toBe('open');
    const opened = (await bench.store.runs.transitions(run.id)).filter((one) => one.cause === 'main-ours');
    expect(opened).toHaveLength(3);
    await bench.act(run.id, { kind: 'unfreeze', way: 'abandon' });
    await bench.run(issue.number, ended);
    clean();
  });

  it('a person who was quicker ends it superseded: main is healthy again with their commit on top', async () => {
    const { run, issue } = await pausedInWatch('Times thousand', breaks('thousand'));
    const mended = bench.git('show', 'main:lib.mjs').replace(/export const broken = true;\n/, '');
    bench.land({ 'lib.mjs': `${mended}\n` }, 'Mend it by hand');
    await bench.act(run.id, { kind: 'resume' });
    const after = await bench.run(issue, ended);

    expect(after.state, JSON.stringify(after.state)).toMatchObject({
      outcome: 'superseded',
      reason: expect.stringContaining('somebody else mended it'),
      progress: { fixes: 0 },
    });
    expect((await bench.tracker.read(issue))?.state).toBe('open');
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
    const foreign = bench.land(theirs, 'Break the tests');
    await bench.act(run.id, { kind: 'resume' });
    const waiting = await bench.run(issue, (now) => now.state.stage === 'fix' && now.state.redMain !== null);

    expect(waiting.state).toMatchObject({ redMain: foreign, progress: { fixes: 0 } });
    await expect.poll(() => bench.store.capacity.held(), SOON).toEqual([]);
    await expect.poll(() => topicsOf(bench, run), SOON).toEqual(['base-red']);

    bench.land({ 'test/theirs.test.mjs': '' }, 'Mend the tests');
    const after = await bench.run(issue, ended);
    expect(after.outcome, JSON.stringify(after.state)).toBe('shipped');
    expect(after.state.progress.fixes).toBe(1);
    clean();
  });

  it("what was red on main before our push is nobody's attempt", async () => {
    const green = bench.git('show', 'main:lib.mjs');
    bench.land({ 'lib.mjs': `${green}\nexport const broken = true;\n` }, 'Break the build');
    bench.scenario('Times billion', addFunction('billion', 'export function billion(a) {\n  return a * 10;\n}', '20'));
    const issue = await bench.release('Times billion');
    const waiting = await bench.run(issue.number, (now) => now.state.stage === 'fix' && now.state.redMain !== null);

    expect(waiting.state.progress).toMatchObject({ fixes: 0, red: { stage: 'build' } });
    const now = bench.git('show', 'main:lib.mjs');
    bench.land({ 'lib.mjs': `${now.replace('export const broken = true;', '')}\n` }, 'Mend the build');
    const after = await bench.run(issue.number, ended);
    expect(after.outcome, JSON.stringify(after.state)).toBe('superseded');
  });

  /** The build takes its time, and the person stops the run while it is watched. */
  async function pausedInWatch(title: string, scenario: object): Promise<{ run: RunRow; issue: number }> {
    bench.scenario(title, { triage: ACCEPT, ...scenario });
    const issue = (await bench.release(title)).number;
    const { id } = await bench.run(issue, inStage('watch'));
    await bench.act(id, { kind: 'pause' });
    return { run: await bench.run(issue, (run) => run.state.progress.pause !== null), issue };
  }
});
