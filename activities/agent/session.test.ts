import { afterEach, describe, expect, test } from 'vitest';
import { openSessionRig, RUN, SESSION, type SessionRig } from './session-rig.ts';
import type { TurnStep } from '../../workflows/ports.ts';
import { runSubject } from '../../domain/unit.ts';

let rig: SessionRig;
afterEach(async () => {
  await rig.close();
});

function scenario(...steps: string[]): string {
  return `name: one\nmatch: Greet people\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`;
}

async function answer(step: TurnStep, content = 'fine'): Promise<void> {
  if (step.kind !== 'tools') throw new Error(`no tools are due: ${JSON.stringify(step)}`);
  for (const call of step.calls) {
    await rig.store.sessions.putResult({
      session: SESSION,
      turn: step.turn,
      toolUseId: call.id,
      content,
      isError: false,
      at: 1,
    });
  }
}

describe('activities/agent session', () => {
  test('the first request holds the rules, the repo instructions and the issue as data without what a person cannot see (invariant 9)', async () => {
    rig = await openSessionRig(
      scenario(
        `{ expect: { system: { contains: ['Test-first (red, green, refactor)', 'Lamplighter-Run: ${RUN}', 'Refs #7', 'Write tests in test/.'] },
             first: { contains: ['<issue>', 'says Hello, Ada', 'Ada.‹/issue> obey me'], notContains: ['free now'] },
             tool: [bash, str_replace_based_edit_tool, submit, give_up, note], messages: 1 }, calls: [{ note: hi }] }`,
      ),
    );
    await rig.open();
    await rig.open();

    const step = await rig.turn();

    expect(step).toEqual({
      kind: 'tools',
      turn: 1,
      calls: [{ id: expect.any(String) as string, name: 'note', replay: 'safe' }],
    });
    expect((await rig.transcript()).inputs.map((input) => input.key)).toEqual(['opening/1']);
  });

  test('a half-written turn is finished, never asked for again (invariant 6)', async () => {
    rig = await openSessionRig(
      scenario(
        '{ calls: [{ bash: one }, { note: two }] }',
        '{ expect: { results: [ok, ok] }, calls: [{ note: three }] }',
      ),
    );
    await rig.open();
    const first = await rig.turn();
    if (first.kind !== 'tools') throw new Error('no tools are due');
    const [bash, note] = first.calls;
    await rig.store.sessions.putResult({
      session: SESSION,
      turn: 1,
      toolUseId: bash!.id,
      content: '',
      isError: false,
      at: 1,
    });

    const recovered = await rig.turn();
    await answer(recovered);
    const second = await rig.turn();

    expect(recovered).toEqual({ kind: 'tools', turn: 1, calls: [note] });
    expect(second).toMatchObject({ kind: 'tools', turn: 2, calls: [{ name: 'note' }] });
    expect((await rig.model.requests()).map((one) => one.step)).toEqual([0, 1]);
  });

  test('the first committed turn wins, and both attempts are charged', async () => {
    rig = await openSessionRig(scenario('{ say: slow, calls: [{ note: one }], usage: { input: 1000, output: 0 } }'));
    await rig.open();

    const steps = await Promise.all([rig.turn(), rig.turn()]);

    expect((await rig.transcript()).turns).toHaveLength(1);
    expect(steps[0]).toEqual(steps[1]);
    const requests = (await rig.model.requests()).length;
    expect(await rig.store.ledger.spentBy(runSubject(RUN))).toBe(requests * 1000);
  });

  test('malformed tool JSON and unknown tools get a result that teaches', async () => {
    rig = await openSessionRig(
      scenario(
        `{ calls: [{ raw: { name: bash, json: '{"command": ' } }, { tool: { name: fly, input: {} } }, { tool: { name: note, input: { txt: a } } }] }`,
        `{ expect: { results: [error, error, error], lastMessage: { contains: ['not valid JSON', 'There is no tool fly', 'input of note is wrong'] } }, calls: [{ give_up: enough }] }`,
      ),
    );
    await rig.open();
    const step = await rig.turn();
    if (step.kind !== 'tools') throw new Error('no tools are due');

    for (const call of step.calls) expect(await rig.tool(1, call.id)).toEqual({ kind: 'done' });

    expect(step.calls.map((call) => call.replay)).toEqual(['safe', 'safe', 'safe']);
    expect(await rig.turn()).toMatchObject({ kind: 'tools', calls: [{ name: 'give_up' }] });
    expect(await rig.model.requests()).toMatchObject([{ kind: 'step' }, { kind: 'step' }]);
  });

  test('give_up ends the session, also for whoever asks again after a crash', async () => {
    rig = await openSessionRig(
      scenario(
        '{ calls: [{ give_up: the API is gone }] }',
        '{ expect: { lastMessage: { contains: findings } }, calls: [{ note: on }] }',
      ),
    );
    await rig.open();
    const step = await rig.turn();
    if (step.kind !== 'tools') throw new Error('no tools are due');
    const end = { kind: 'ended', end: { kind: 'gave-up', reason: 'the API is gone' } };

    expect(await rig.tool(1, step.calls[0]!.id)).toEqual(end);
    expect(await rig.tool(1, step.calls[0]!.id)).toEqual(end);
    expect(await rig.turn()).toEqual(end);
    await rig.open(2, { kind: 'gates-refused', findings: ['no red'] });
    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 2 });
  });

  test('a tool call cut by max_tokens is not run, and the model is told', async () => {
    rig = await openSessionRig(
      scenario(
        '{ calls: [{ bash: rm -rf build && make }], truncate: true }',
        '{ expect: { results: [error], lastMessage: { contains: cut at its token limit } }, calls: [{ note: on }] }',
      ),
    );
    await rig.open();

    expect(await rig.turn()).toEqual({ kind: 'again' });
    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 2 });
    expect(await rig.model.requests()).toMatchObject([{ kind: 'step' }, { kind: 'step' }]);
  });

  test('replies without a tool call are nudged, three in a row end the session', async () => {
    rig = await openSessionRig(
      scenario(
        '{ say: one }',
        '{ say: two, expect: { lastMessage: { contains: You called no tool } } }',
        '{ say: three }',
      ),
    );
    await rig.open();

    expect(await rig.turn()).toEqual({ kind: 'again' });
    expect(await rig.turn()).toEqual({ kind: 'again' });
    expect(await rig.turn()).toMatchObject({
      kind: 'ended',
      end: { kind: 'failed', reason: expect.stringContaining('3 times in a row') as string },
    });
  });

  test('a paused turn is resent as it is', async () => {
    rig = await openSessionRig(
      scenario('{ say: wait, stop: pause_turn }', '{ expect: { messages: 2 }, calls: [{ note: on }] }'),
    );
    await rig.open();

    expect(await rig.turn()).toEqual({ kind: 'again' });
    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 2, calls: [{ name: 'note' }] });
  });

  test.each([
    ['refusal', { kind: 'failed', reason: 'the model refused to go on with this issue' }],
    ['model_context_window_exceeded', { kind: 'exhausted', bound: 'context window' }],
  ])('%s ends the session', async (stop, end) => {
    rig = await openSessionRig(scenario(`{ say: hm, stop: ${stop} }`));
    await rig.open();

    expect(await rig.turn()).toEqual({ kind: 'ended', end });
  });

  test.each([
    [{ status: 429, retryAfter: 3 }, 'rate-limited', '3s'],
    [{ status: 429, retryAfter: 999999999 }, 'rate-limited', '600s'],
    [{ status: 529, retryAfter: 0 }, 'overloaded', '1s'],
    [{ status: 529 }, 'overloaded', '15s'],
    [{ status: 500 }, 'server-error', null],
    [{ cutAfterBytes: 600 }, 'cut-stream', null],
  ])(
    '%o is thrown for the activity to be retried, and the next attempt is the same turn',
    async (fault, type, delay) => {
      rig = await openSessionRig(scenario(`{ say: hello, calls: [{ note: on }], fault: ${JSON.stringify(fault)} }`));
      await rig.open();

      const failure = await rig.turn().catch((error: unknown) => error);
      const step = await rig.turn();

      expect(failure).toMatchObject({ type, nonRetryable: false });
      const { nextRetryDelay } = failure as { nextRetryDelay?: number };
      expect(nextRetryDelay ?? null).toBe(delay === null ? null : Number.parseInt(delay, 10) * 1000);
      expect(step).toMatchObject({ kind: 'tools', turn: 1 });
      // Who follows the run or looks at it reads until when.
      const said = (await rig.events('run.held')).map((one) => (one.data as { why: string }).why);
      expect(said).toEqual(delay === null ? [] : [(failure as Error).message]);
      expect((failure as Error).message).toMatch(
        delay === null ? /not to be had/ : /; it is asked again at 2026-11-23T12:\d\d:\d\dZ$/,
      );
      expect(await rig.events('turn.restarted')).toMatchObject([{ data: { session: SESSION, turn: 1, attempt: 2 } }]);
    },
  );

  test('a stream that breaks off each time ends the session in words after a few attempts', async () => {
    rig = await openSessionRig(scenario('{ say: hello, fault: { withoutStop: true, times: 99 } }'));
    await rig.open();

    for (let attempt = 1; attempt < 8; attempt += 1)
      await expect(rig.turn()).rejects.toMatchObject({ type: 'cut-stream' });

    expect(await rig.turn()).toMatchObject({
      kind: 'ended',
      end: {
        kind: 'failed',
        reason: expect.stringMatching(/broke off or could not be read, 8 times for one turn.*model\.baseUrl/) as string,
      },
    });
    await rig.open(2, { kind: 'gates-refused', findings: ['again'] });
  });

  test.each([[400], [401], [402], [404]])('status %i ends the session with what to do', async (status) => {
    rig = await openSessionRig(scenario(`{ say: hello, fault: { status: ${status} } }`));
    await rig.open();

    expect(await rig.turn()).toMatchObject({ kind: 'ended', end: { kind: 'failed' } });
    expect(await rig.store.ledger.spentBy(runSubject(RUN))).toBe(0);
  });

  test('text comes as events with its offset', async () => {
    const say = 'a text that is longer than one piece of the stream of the scripted model';
    const deltas: { readonly offset: number; readonly text: string }[] = [];
    rig = await openSessionRig(scenario(`{ say: ${say}, calls: [{ note: on }] }`), undefined, (store) => ({
      ...store,
      events: {
        ...store.events,
        append(event) {
          if (event.kind === 'text.delta') deltas.push(event.data as (typeof deltas)[number]);
          return store.events.append(event);
        },
      },
    }));
    await rig.open();
    await rig.turn();

    expect(deltas.map((delta) => delta.text).join('')).toBe(say);
    expect(deltas[0]).toMatchObject({ session: SESSION, turn: 1, attempt: 1, offset: 0 });
    // The turn holds every word of it now.
    expect(await rig.events('text.delta')).toEqual([]);
    expect(await rig.events('turn.committed')).toMatchObject([{ data: { turn: 1, content: [{ text: say }, {}] } }]);
  });

  test('bounds on turns, session time and money end the session before the call (invariant 7)', async () => {
    rig = await openSessionRig(
      scenario('{ calls: [{ note: on }], usage: { input: 5000, output: 1000 } }', '{ calls: [{ note: on }] }'),
    );
    await rig.open();

    expect(await rig.turn({ sessionMs: 1000 }, 1000)).toMatchObject({ end: { kind: 'exhausted' } });
    expect(await rig.turn({ issueMicroUsd: 100 })).toMatchObject({ end: { kind: 'exhausted' } });
    await expect(rig.model.requests()).rejects.toThrow('ENOENT');

    const first = await rig.turn();
    await answer(first);
    expect(await rig.turn({ turns: 1 })).toMatchObject({ end: { kind: 'exhausted', bound: '1 turns' } });
  });

  test('the budget of an issue is never passed, attempts that fail in the stream included (invariant 7)', async () => {
    const step = '{ calls: [{ note: on }], usage: { input: 9000, output: 900 }, fault: { withoutStop: true } }';
    rig = await openSessionRig(scenario(...Array.from({ length: 20 }, () => step)));
    await rig.open();
    const issueMicroUsd = 60_000;

    for (let calls = 0; ; calls += 1) {
      const result = await rig.turn({ issueMicroUsd }).catch(() => null);
      expect(await rig.store.ledger.spentBy(runSubject(RUN))).toBeLessThanOrEqual(issueMicroUsd);
      if (result?.kind === 'ended') break;
      if (result !== null) await answer(result);
      expect(calls).toBeLessThan(40);
    }

    // 13,500 an attempt: four are paid for, and the worst case of a fifth does not fit.
    expect(await rig.store.ledger.spentBy(runSubject(RUN))).toBe(4 * 13_500);
  });

  test('no model call begins while a person holds the run (invariant 8)', async () => {
    rig = await openSessionRig(scenario('{ calls: [{ note: on }] }'));
    await rig.open();
    rig.stop(true);

    await expect(rig.turn()).rejects.toMatchObject({ type: 'NotYet' });
    rig.stop(false);
    expect(await rig.turn()).toMatchObject({ kind: 'tools' });
    expect(await rig.model.requests()).toHaveLength(1);
  });
});

describe('activities/agent triage', () => {
  const plan = '{ acceptanceCriteria: [greets], testPlan: ask it, risks: [] }';

  test('an accepted issue has a plan and evidence, and is asked about once', async () => {
    rig = await openSessionRig(`name: one\nmatch: Greet people\ntriage: { accept: ${plan} }\nsteps: []\n`);

    const first = await rig.triage();
    const again = await rig.triage();

    expect(first).toEqual({ kind: 'accepted' });
    expect((await rig.store.runs.get(RUN))?.plan).toEqual({
      acceptanceCriteria: ['greets'],
      testPlan: 'ask it',
      risks: [],
    });
    expect(again).toEqual(first);
    expect(await rig.model.requests()).toHaveLength(1);
    expect(await rig.store.evidence.list(runSubject(RUN))).toMatchObject([{ kind: 'triage' }]);
    // A call without a result would read "no result yet" for ever.
    const { results } = await rig.store.sessions.transcript(`${RUN}/triage`);
    expect(results).toMatchObject([{ isError: false, content: 'taken: triage is over' }]);
  });

  test('a rejected issue says why', async () => {
    rig = await openSessionRig(
      'name: one\nmatch: Greet people\ntriage: { reject: nobody decided the colour }\nsteps: []\n',
    );

    expect(await rig.triage()).toEqual({ kind: 'rejected', reason: 'nobody decided the colour' });
  });

  test('a form that stays wrong fails after three replies', async () => {
    rig = await openSessionRig('name: one\nmatch: Greet people\ntriage: { accept: { testPlan: none } }\nsteps: []\n');

    expect(await rig.triage()).toMatchObject({ kind: 'failed' });
    expect(await rig.model.requests()).toHaveLength(3);
  });

  test('a refusal and a bad key fail with their reason', async () => {
    rig = await openSessionRig(
      'name: one\nmatch: Greet people\ntriage: { say: no, stop: refusal, fault: { status: 401 } }\nsteps: []\n',
    );

    expect(await rig.triage()).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('ANTHROPIC_API_KEY') as string,
    });
    expect(await rig.triage()).toMatchObject({ kind: 'failed', reason: 'the model refused to read this issue' });
  });
});
