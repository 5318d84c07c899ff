import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { CONTRACT, ended, LIB, openRig, SOON, topicsOf, type Rig } from './rig.ts';
import { ACCEPT, addFunction, commit, MULTIPLY } from './scenarios.ts';
import { runSubject } from '../../domain/unit.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))('before the push', { timeout: 120_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({ bounds: { verifyRounds: 1 } });
  });
  afterAll(() => rig.close());

  it('a refusal by the gates goes back to the session, and the mended change ships', async () => {
    const [test, code, submit] = (MULTIPLY as { steps: [object, object, object] }).steps;
    rig.scenario('Only tests at first', {
      triage: ACCEPT,
      steps: [test, submit, { ...code, expect: { lastMessage: { contains: 'test' } } }, submit],
    });
    const issue = await rig.release('Only tests at first');
    const run = await rig.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(run.state.progress.rounds).toBe(1);
  });

  it('the agent gives up: nothing is pushed, the label says so, a person is called with the reason', async () => {
    const before = rig.pushes().length;
    rig.scenario('Impossible', { triage: ACCEPT, steps: [{ calls: [{ give_up: 'the spec contradicts itself' }] }] });
    const issue = await rig.release('Impossible');
    const run = await rig.run(issue.number, ended);

    expect(run.outcome).toBe('needs-human');
    expect(rig.pushes()).toHaveLength(before);
    const left = await rig.tracker.read(issue.number);
    expect(left?.labels).toEqual(['ready-for-human']);
    const comments = await rig.tracker.comments(issue.number);
    expect(comments.some((comment) => comment.text.includes('the spec contradicts itself'))).toBe(true);
    await expect.poll(() => topicsOf(rig, run), SOON).toContain('needs-human');
  });

  it('the gates refuse more often than the bound allows: a person is called', async () => {
    const testless = { calls: [{ bash: `echo '// nothing' >> lib.mjs && ${commit('No test')}` }] };
    rig.scenario('Never a test', {
      triage: ACCEPT,
      steps: [testless, { calls: [{ submit: [] }] }, testless, { calls: [{ submit: [] }] }],
    });
    const issue = await rig.release('Never a test');
    const run = await rig.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('needs-human');
    expect(run.state.progress.rounds).toBe(1);
  });

  it('main is red without us: no model money, one escalation, and the run goes on when main moves', async () => {
    const green = rig.git('show', 'main:lib.mjs');
    rig.land({ 'lib.mjs': LIB.replace('a + b', 'a - b') }, 'Break add');
    rig.scenario('Cube', addFunction('cube', 'export function cube(a) {\n  return a * a * a;\n}', '8'));
    const issue = await rig.release('Cube');
    const waiting = await rig.run(issue.number, (run) => run.state.stage === 'prepare' && run.state.waiting);
    await expect.poll(() => topicsOf(rig, waiting), SOON).toEqual(['base-red']);
    expect(await rig.store.sessions.ofUnit(runSubject(waiting.id))).toEqual([`${waiting.id}/triage`]);

    rig.land({ 'lib.mjs': `${green}\n` }, 'Mend add');
    const run = await rig.run(issue.number, ended, 90_000);
    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
  });

  it('nothing declares how the repo is deployed: said before any model money, not after the push', async () => {
    rig.land({ '.lamplighter.yml': stringify({ ...CONTRACT, build: undefined }) }, 'Declare no build');
    rig.scenario('Undeployed', MULTIPLY);
    const issue = await rig.release('Undeployed');
    const run = await rig.run(issue.number, ended);

    expect(run.outcome).toBe('needs-human');
    expect(run.state.stage === 'ended' ? run.state.reason : '').toContain('nothing says how this repo is deployed');
    expect(await rig.store.sessions.ofUnit(runSubject(run.id))).toEqual([]);
  });

  it('a contract that cannot be read ends the run with the line to mend', async () => {
    rig.land({ '.lamplighter.yml': 'checks: [{ name: unit, tset: x }]\n' }, 'Break the contract');
    rig.scenario('Any', MULTIPLY);
    const issue = await rig.release('Any');
    const run = await rig.run(issue.number, ended);

    expect(run.outcome).toBe('needs-human');
    expect(run.state.stage === 'ended' ? run.state.reason : '').toMatch(/\.lamplighter\.yml@\w+:1:\d+/);
  });

  it('does nothing at all while the kill switch is on (invariant 8)', async () => {
    await rig.store.control.setKillSwitch({ on: true, by: 'ada', note: 'stop', at: Date.now() });
    const issue = await rig.release('Not now');
    await rig.calls.pollNow();
    await expect.poll(() => rig.store.queue.waiting('demo-lib')).toEqual([]);
    expect(await rig.store.runs.list({ issue: issue.number })).toEqual([]);
  });
});
