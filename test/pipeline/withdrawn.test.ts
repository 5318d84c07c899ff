import { readTrouble } from '../../activities/run/read-trouble.ts';
import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { ended, inStage, openBench, SOON, type Bench } from './bench.ts';
import { ACCEPT, addFunction, MULTIPLY } from './scenarios.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))('the world moves while a run is open', { timeout: 120_000 }, () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  it('a person takes the label away: the run ends cancelled at its next boundary, nothing is pushed', async () => {
    bench.scenario('Wait a little', {
      triage: ACCEPT,
      steps: [{ calls: [{ note: 'looking' }], delayMs: 1500 }, ...(MULTIPLY as { steps: object[] }).steps],
    });
    const issue = await bench.release('Wait a little');
    await bench.run(issue.number, inStage('implement'));

    await bench.tracker.removeLabel(issue.number, 'ready-for-agent', 'ada');
    const run = await bench.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('cancelled');
    expect(bench.pushes()).toEqual([]);
    expect((await bench.tracker.read(issue.number))?.labels).not.toContain('agent-in-progress');
  });

  it('a person closes the issue: the run ends cancelled, nothing is pushed, and it stays closed', async () => {
    bench.scenario('Be overtaken', {
      triage: ACCEPT,
      steps: [{ calls: [{ note: 'looking' }], delayMs: 1500 }, ...(MULTIPLY as { steps: object[] }).steps],
    });
    const issue = await bench.release('Be overtaken');
    await bench.run(issue.number, inStage('implement'));

    await bench.tracker.close(issue.number);
    const run = await bench.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('cancelled');
    expect(run.state.stage === 'ended' ? run.state.reason : '').toBe(`issue #${issue.number} was closed`);
    expect(bench.pushes()).toEqual([]);
    const left = await bench.tracker.read(issue.number);
    expect(left?.state).toBe('closed');
    expect(left?.labels).toEqual([]);
    await expect.poll(() => bench.store.capacity.held(), SOON).toEqual([]);
  });

  it('many polls at once give one run (invariant 2)', async () => {
    bench.scenario('Multiply', MULTIPLY);
    const issue = await bench.tracker.add({ title: 'Multiply', body: 'x', labels: ['ready-for-agent'], by: 'ada' });
    await Promise.all(Array.from({ length: 10 }, () => bench.calls.pollNow()));
    const run = await bench.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(await bench.store.runs.list({ issue: issue.number })).toHaveLength(1);
  });

  it('somebody landed first: merged by the orchestrator, proven again, pushed once', async () => {
    bench.scenario('Subtract', addFunction('subtract', 'export function subtract(a, b) {\n  return a - b;\n}', '-1'));
    const issue = await bench.release('Subtract');
    await bench.run(issue.number, inStage('verify'));
    const theirs = bench.land({ 'NOTES.md': 'landed first\n' }, 'Notes');
    const run = await bench.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(run.state.progress.races).toBe(1);
    expect(bench.git('merge-base', '--is-ancestor', theirs, 'main')).toBe('');
    expect(bench.git('show', 'main:NOTES.md')).toBe('landed first');
  });

  it('the remote is unreachable at the push: it is waited for, and pushed once', async () => {
    bench.scenario('Square', addFunction('square', 'export function square(a) {\n  return a * a;\n}', '4'));
    const before = bench.pushes().length;
    const issue = await bench.release('Square');
    await bench.run(issue.number, inStage('verify'));
    await rename(bench.remote, `${bench.remote}.gone`);
    const waiting = await bench.run(issue.number, inStage('push'));
    // The remote is looked at before each push: without it none is attempted, and the run says why it does not get on.
    const times = async (): Promise<number> => (await readTrouble(bench.store.control, waiting.id))?.times ?? 0;
    await expect.poll(times, { timeout: 60_000 }).toBeGreaterThan(1);
    await rename(`${bench.remote}.gone`, bench.remote);
    const run = await bench.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(bench.pushes().length - before).toBe(1);
  });
});
