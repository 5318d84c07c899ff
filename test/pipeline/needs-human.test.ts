import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { CONTRACT, ended, LIB, openBench, SOON, topicsOf, type Bench } from './bench.ts';
import { ACCEPT, addFunction, commit, MULTIPLY } from './scenarios.ts';
import { runSubject } from '../../domain/unit.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))('before the push', { timeout: 120_000 }, () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ bounds: { verifyRounds: 1 } });
  });
  afterAll(() => bench.close());

  it('a refusal by the gates goes back to the session, and the mended change ships', async () => {
    const [test, code, submit] = (MULTIPLY as { steps: [object, object, object] }).steps;
    bench.scenario('Only tests at first', {
      triage: ACCEPT,
      steps: [test, submit, { ...code, expect: { lastMessage: { contains: 'test' } } }, submit],
    });
    const issue = await bench.release('Only tests at first');
    const run = await bench.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(run.state.progress.rounds).toBe(1);
  });

  it('the agent gives up: nothing is pushed, the label says so, a person is called with the reason', async () => {
    const before = bench.pushes().length;
    bench.scenario('Impossible', { triage: ACCEPT, steps: [{ calls: [{ give_up: 'the spec contradicts itself' }] }] });
    const issue = await bench.release('Impossible');
    const run = await bench.run(issue.number, ended);

    expect(run.outcome).toBe('needs-human');
    expect(bench.pushes()).toHaveLength(before);
    const left = await bench.tracker.read(issue.number);
    expect(left?.labels).toEqual(['ready-for-human']);
    const comments = await bench.tracker.comments(issue.number);
    expect(comments.some((comment) => comment.text.includes('the spec contradicts itself'))).toBe(true);
    await expect.poll(() => topicsOf(bench, run), SOON).toContain('needs-human');
  });

  it('the gates refuse more often than the bound allows: a person is called', async () => {
    const testless = { calls: [{ bash: `echo '// nothing' >> lib.mjs && ${commit('No test')}` }] };
    bench.scenario('Never a test', {
      triage: ACCEPT,
      steps: [testless, { calls: [{ submit: [] }] }, testless, { calls: [{ submit: [] }] }],
    });
    const issue = await bench.release('Never a test');
    const run = await bench.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('needs-human');
    expect(run.state.progress.rounds).toBe(1);
  });

  it('main is red without us: no model money, one escalation, and the run goes on when main moves', async () => {
    const green = bench.git('show', 'main:lib.mjs');
    bench.land({ 'lib.mjs': LIB.replace('a + b', 'a - b') }, 'Break add');
    bench.scenario('Cube', addFunction('cube', 'export function cube(a) {\n  return a * a * a;\n}', '8'));
    const issue = await bench.release('Cube');
    const waiting = await bench.run(issue.number, (run) => run.state.stage === 'prepare' && run.state.waiting);
    await expect.poll(() => topicsOf(bench, waiting), SOON).toEqual(['base-red']);
    expect(await bench.store.sessions.ofUnit(runSubject(waiting.id))).toEqual([`${waiting.id}/triage`]);

    bench.land({ 'lib.mjs': `${green}\n` }, 'Mend add');
    const run = await bench.run(issue.number, ended, 90_000);
    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
  });

  it('nothing declares how the repo is deployed: said before any model money, not after the push', async () => {
    bench.land({ '.lamplighter.yml': stringify({ ...CONTRACT, build: undefined }) }, 'Declare no build');
    bench.scenario('Undeployed', MULTIPLY);
    const issue = await bench.release('Undeployed');
    const run = await bench.run(issue.number, ended);

    expect(run.outcome).toBe('needs-human');
    expect(run.state.stage === 'ended' ? run.state.reason : '').toContain('nothing says how this repo is deployed');
    expect(await bench.store.sessions.ofUnit(runSubject(run.id))).toEqual([]);
  });

  it('a contract that cannot be read ends the run with the line to mend', async () => {
    bench.land({ '.lamplighter.yml': 'checks: [{ name: unit, tset: x }]\n' }, 'Break the contract');
    bench.scenario('Any', MULTIPLY);
    const issue = await bench.release('Any');
    const run = await bench.run(issue.number, ended);

    expect(run.outcome).toBe('needs-human');
    expect(run.state.stage === 'ended' ? run.state.reason : '').toMatch(/\.lamplighter\.yml@\w+:1:\d+/);
  });

  it('does nothing at all while the kill switch is on (invariant 8)', async () => {
    await bench.store.control.setKillSwitch({ on: true, by: 'ada', note: 'stop', at: Date.now() });
    const issue = await bench.release('Not now');
    await bench.calls.pollNow();
    await expect.poll(() => bench.store.queue.waiting('demo-lib')).toEqual([]);
    expect(await bench.store.runs.list({ issue: issue.number })).toEqual([]);
  });
});
