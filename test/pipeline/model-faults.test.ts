import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { ended, openRig, type Rig } from './rig.ts';
import { ACCEPT, addFunction } from './scenarios.ts';
import { issueBudget, runSubject } from '../../domain/unit.ts';

/** 1,000 micro-dollars by the scripted model's price. */
const PRICED = { usage: { input: 1_000, output: 0 } };
const TRIAGE = { ...PRICED, ...ACCEPT };

function steps(name: string): object[] {
  const scenario = addFunction(name, `export function ${name}(a) {\n  return a * 10;\n}`, '20') as { steps: object[] };
  return scenario.steps.map((step) => ({ ...step, ...PRICED }));
}

describe.skipIf(!has('temporal') || !has('bwrap'))('a model that misbehaves', { timeout: 120_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig.close());

  it('429, 529, 500, a cut stream and one without its end: each turn is asked for again, once, and the run ships; what was shown is charged', async () => {
    const [test, code, submit] = steps('alpha') as [object, object, object];
    rig.scenario('Alpha', {
      triage: { ...TRIAGE, fault: { status: 529, retryAfter: 1 } },
      steps: [
        { ...test, fault: [{ status: 429, retryAfter: 1 }, { status: 500 }] },
        { ...code, fault: { cutAfterBytes: 600 } },
        { ...submit, fault: { withoutStop: true } },
      ],
    });
    const issue = await rig.release('Alpha');
    const run = await rig.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    const requests = rig.modelRequests();
    expect(requests.map((one) => [one.step, one.kind])).toEqual([
      [null, 'fault'],
      [null, 'triage'],
      [0, 'fault'],
      [0, 'fault'],
      [0, 'step'],
      [1, 'fault'],
      [1, 'step'],
      [2, 'fault'],
      [2, 'step'],
    ]);
    // Four replies, a stream without its end, one cut when it had shown one token of output; an answer with a status is free.
    const charged = 4_000 + 1_000 + 1_005;
    expect(await rig.store.ledger.spentBy(runSubject(run.id))).toBe(charged);
    expect(await rig.store.ledger.spentOf(issueBudget('demo-lib', issue.number))).toBe(charged);
    expect(rig.pushes()).toHaveLength(1);
  });

  it('malformed tool JSON, a tool that is not there and a call cut by max_tokens: none runs, the model is told, and the run ships', async () => {
    const [test, code, submit] = steps('beta') as [object, object, object];
    rig.scenario('Beta', {
      triage: TRIAGE,
      steps: [
        { ...PRICED, calls: [{ raw: { name: 'bash', json: '{"command": ' } }, { tool: { name: 'fly', input: {} } }] },
        { ...PRICED, expect: { results: ['error', 'error'] }, calls: [{ bash: 'touch cut; exit 1' }], truncate: true },
        { ...PRICED, expect: { results: ['error'] }, calls: [{ bash: 'test ! -e cut' }] },
        { ...test, expect: { results: ['ok'] } },
        code,
        submit,
      ],
    });
    const issue = await rig.release('Beta');
    const run = await rig.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    // Triage and six turns, the useless ones included (invariant 7).
    expect(await rig.store.ledger.spentBy(runSubject(run.id))).toBe(7_000);
  });

  it.each([
    ['a refusal', { say: 'No.', stop: 'refusal' }, 'the model refused to go on', 2_000],
    ['a 400', { say: 'never said', fault: { status: 400 } }, 'the model refuses the request itself', 1_000],
    ['an account without credit', { say: 'never said', fault: { status: 402 } }, 'no credit left: top it up', 1_000],
  ])(
    '%s: nothing is pushed, a person is called with the reason, and only what was said is charged',
    async (name, step, reason, spent) => {
      const before = rig.pushes().length;
      rig.scenario(`Gamma, ${name}`, { triage: TRIAGE, steps: [{ ...PRICED, ...step }] });
      const issue = await rig.release(`Gamma, ${name}`);
      const run = await rig.run(issue.number, ended);

      expect(run.outcome).toBe('needs-human');
      expect(run.state.stage === 'ended' ? run.state.reason : '').toContain(reason);
      expect(rig.pushes()).toHaveLength(before);
      expect((await rig.tracker.read(issue.number))?.labels).toEqual(['ready-for-human']);
      expect(await rig.store.ledger.spentBy(runSubject(run.id))).toBe(spent);
    },
  );
});
