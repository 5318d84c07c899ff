import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { ended, openBench, type Bench } from './bench.ts';
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
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  it('429, 529, 500, a cut stream and one without its end: each turn is asked for again, once, and the run ships; what was shown is charged', async () => {
    const [test, code, submit] = steps('alpha') as [object, object, object];
    bench.scenario('Alpha', {
      triage: { ...TRIAGE, fault: { status: 529, retryAfter: 1 } },
      steps: [
        { ...test, fault: [{ status: 429, retryAfter: 1 }, { status: 500 }] },
        { ...code, fault: { cutAfterBytes: 600 } },
        { ...submit, fault: { withoutStop: true } },
      ],
    });
    const issue = await bench.release('Alpha');
    const run = await bench.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    const requests = bench.modelRequests();
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
    expect(await bench.store.ledger.spentBy(runSubject(run.id))).toBe(charged);
    expect(await bench.store.ledger.spentOf(issueBudget('demo-lib', issue.number))).toBe(charged);
    expect(bench.pushes()).toHaveLength(1);
  });

  it('malformed tool JSON, a tool that is not there and a call cut by max_tokens: none runs, the model is told, and the run ships', async () => {
    const [test, code, submit] = steps('beta') as [object, object, object];
    bench.scenario('Beta', {
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
    const issue = await bench.release('Beta');
    const run = await bench.run(issue.number, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    // Triage and six turns, the useless ones included (invariant 7).
    expect(await bench.store.ledger.spentBy(runSubject(run.id))).toBe(7_000);
  });

  it.each([
    ['a refusal', { say: 'No.', stop: 'refusal' }, 'the model refused to go on', 2_000],
    ['a 400', { say: 'never said', fault: { status: 400 } }, 'the model refuses the request itself', 1_000],
    ['an account without credit', { say: 'never said', fault: { status: 402 } }, 'no credit left: top it up', 1_000],
  ])(
    '%s: nothing is pushed, a person is called with the reason, and only what was said is charged',
    async (name, step, reason, spent) => {
      const before = bench.pushes().length;
      bench.scenario(`Gamma, ${name}`, { triage: TRIAGE, steps: [{ ...PRICED, ...step }] });
      const issue = await bench.release(`Gamma, ${name}`);
      const run = await bench.run(issue.number, ended);

      expect(run.outcome).toBe('needs-human');
      expect(run.state.stage === 'ended' ? run.state.reason : '').toContain(reason);
      expect(bench.pushes()).toHaveLength(before);
      expect((await bench.tracker.read(issue.number))?.labels).toEqual(['ready-for-human']);
      expect(await bench.store.ledger.spentBy(runSubject(run.id))).toBe(spent);
    },
  );
});
