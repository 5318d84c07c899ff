import { readTrouble } from '../../activities/run/read-trouble.ts';
import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { ended, inStage, openRig, SOON, type Rig } from './rig.ts';
import { ACCEPT, addFunction, MULTIPLY } from './scenarios.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))('the world moves while a run is open', { timeout: 120_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig.close());

  it('a person takes the label away: the run ends cancelled at its next boundary, nothing is pushed', async () => {
    rig.scenario('Wait a little', {
      triage: ACCEPT,
      steps: [{ calls: [{ note: 'looking' }], delayMs: 1500 }, ...(MULTIPLY as { steps: object[] }).steps],
    });
    const issue = await rig.release('Wait a little');
    await rig.run(issue.number, inStage('implement'));

    await rig.tracker.removeLabel(issue.number, 'ready-for-agent', 'ada');
    const run = await rig.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('cancelled');
    expect(rig.pushes()).toEqual([]);
    expect((await rig.tracker.read(issue.number))?.labels).not.toContain('agent-in-progress');
  });

  it('a person closes the issue: the run ends cancelled, nothing is pushed, and it stays closed', async () => {
    rig.scenario('Be overtaken', {
      triage: ACCEPT,
      steps: [{ calls: [{ note: 'looking' }], delayMs: 1500 }, ...(MULTIPLY as { steps: object[] }).steps],
    });
    const issue = await rig.release('Be overtaken');
    await rig.run(issue.number, inStage('implement'));

    await rig.tracker.close(issue.number);
    const run = await rig.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('cancelled');
    expect(run.state.stage === 'ended' ? run.state.reason : '').toBe(`issue #${issue.number} was closed`);
    expect(rig.pushes()).toEqual([]);
    const left = await rig.tracker.read(issue.number);
    expect(left?.state).toBe('closed');
    expect(left?.labels).toEqual([]);
    await expect.poll(() => rig.store.capacity.held(), SOON).toEqual([]);
  });

  it('many polls at once give one run (invariant 2)', async () => {
    rig.scenario('Multiply', MULTIPLY);
    const issue = await rig.tracker.add({ title: 'Multiply', body: 'x', labels: ['ready-for-agent'], by: 'ada' });
    await Promise.all(Array.from({ length: 10 }, () => rig.calls.pollNow()));
    const run = await rig.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(await rig.store.runs.list({ issue: issue.number })).toHaveLength(1);
  });

  it('somebody landed first: merged by the orchestrator, proven again, pushed once', async () => {
    rig.scenario('Subtract', addFunction('subtract', 'export function subtract(a, b) {\n  return a - b;\n}', '-1'));
    const issue = await rig.release('Subtract');
    await rig.run(issue.number, inStage('verify'));
    const theirs = rig.land({ 'NOTES.md': 'landed first\n' }, 'Notes');
    const run = await rig.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(run.state.progress.races).toBe(1);
    expect(rig.git('merge-base', '--is-ancestor', theirs, 'main')).toBe('');
    expect(rig.git('show', 'main:NOTES.md')).toBe('landed first');
  });

  it('the remote is unreachable at the push: it is waited for, and pushed once', async () => {
    rig.scenario('Square', addFunction('square', 'export function square(a) {\n  return a * a;\n}', '4'));
    const before = rig.pushes().length;
    const issue = await rig.release('Square');
    await rig.run(issue.number, inStage('verify'));
    await rename(rig.remote, `${rig.remote}.gone`);
    const waiting = await rig.run(issue.number, inStage('push'));
    // The remote is looked at before each push: without it none is attempted, and the run says why it does not get on.
    const times = async (): Promise<number> => (await readTrouble(rig.store.control, waiting.id))?.times ?? 0;
    await expect.poll(times, { timeout: 60_000 }).toBeGreaterThan(1);
    await rename(`${rig.remote}.gone`, rig.remote);
    const run = await rig.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(rig.pushes().length - before).toBe(1);
  });
});
