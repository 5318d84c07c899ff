import { afterEach, describe, expect, test } from 'vitest';
import { openModelRig, type ModelRig } from '../../agent/agent-rig.ts';
import type { ModelMessage, ModelReply, ModelRequest } from '../port.ts';

let rig: ModelRig | null = null;
afterEach(async () => {
  await rig?.close();
  rig = null;
});

const FIRST: ModelMessage = { role: 'user', content: [{ type: 'text', text: 'Greet people, Refs #7' }] };
const SCENARIO = `
name: greeting
match: [Greet, people]
capture: ['Refs #(?<issue>\\d+)', 'Token: (?<token>\\w+)']
triage: { reject: 'not now, see #{{issue}}' }
steps:
  - { calls: [{ bash: 'echo {{issue}} {{other}}' }] }
  - { expect: { results: [ok], lastMessage: { contains: '7' } }, calls: [{ submit: [] }] }
  - { say: '{{token}}' }
`;

async function ask(
  messages: readonly ModelMessage[],
  tools: readonly string[] = ['bash', 'submit', 'give_up'],
): Promise<ModelReply> {
  if (rig === null) throw new Error('no rig is open');
  const request: ModelRequest = {
    model: 'scripted',
    system: 'rules',
    messages,
    tools: tools.map((name) => ({ name, description: name, inputSchema: { type: 'object' } })),
    toolChoice: 'auto',
    maxTokens: 100,
    session: 's',
  };
  const outcome = await rig.model.call(request, { signal: new AbortController().signal, onText: () => {} });
  if (!outcome.ok) throw new Error(`the scripted model failed: ${outcome.failure.message}`);
  return outcome.reply;
}

function said(text: string): ModelMessage {
  return { role: 'assistant', content: [{ type: 'text', text }] };
}

function result(content: string, isError = false): ModelMessage {
  return { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'x', content, is_error: isError }] };
}

describe('activities/agent/scripted', () => {
  test('the step is chosen by the request alone, so that a turn sent again gets the same reply', async () => {
    rig = await openModelRig(SCENARIO);

    const second = await ask([FIRST, said('a'), result('7')]);
    const first = await ask([FIRST]);
    const firstAgain = await ask([FIRST]);

    expect(second.content).toMatchObject([{ name: 'submit', input: { changedTests: [] } }]);
    expect(first.content).toMatchObject([{ name: 'bash', input: { command: 'echo 7 {{other}}' } }]);
    expect(firstAgain).toEqual(first);
    expect((await rig.requests()).map((one) => one.step)).toEqual([1, 0, 0]);
  });

  test.each([
    [
      'a result that should be well',
      [FIRST, said('a'), result('7', true)],
      'expected tool results [ok], there came [error]',
    ],
    ['a missing text', [FIRST, said('a'), result('8')], 'expected the last message to contain "7", it is "8"'],
    [
      'a capture without a find',
      [FIRST, said('a'), result('7'), said('b'), result('')],
      'capture found nothing for {{token}}',
    ],
    [
      'a step too many',
      [FIRST, ...Array.from({ length: 3 }, () => [said('a'), result('7')]).flat()],
      'has 3 steps, and step 4 was asked for',
    ],
    ['no scenario', [{ role: 'user' as const, content: [{ type: 'text', text: 'Bye' }] }], 'no scenario matches'],
  ])('a wrong request makes the model give up: %s', async (_, messages, reason) => {
    rig = await openModelRig(SCENARIO);

    const reply = await ask(messages);

    expect(reply.content).toMatchObject([
      { name: 'give_up', input: { reason: expect.stringContaining(reason) as string } },
    ]);
    expect(await rig.requests()).toMatchObject([
      { kind: 'gave-up', reason: expect.stringContaining(reason) as string },
    ]);
  });

  test('triage is answered from its own key', async () => {
    rig = await openModelRig(SCENARIO);

    const reply = await ask([FIRST], ['accept_issue', 'reject_issue']);

    expect(reply.content).toMatchObject([{ name: 'reject_issue', input: { reason: 'not now, see #7' } }]);
  });

  test('a changed file counts from the next request on, a broken one is refused with its place', async () => {
    rig = await openModelRig(SCENARIO);
    await ask([FIRST]);

    await rig.write('one.yaml', SCENARIO.replace('echo', 'printf'));
    const changed = await ask([FIRST]);
    await rig.write('one.yaml', SCENARIO.replace('reject:', 'refuse:'));

    expect(changed.content).toMatchObject([{ input: { command: 'printf 7 {{other}}' } }]);
    await expect(ask([FIRST])).rejects.toThrow(/one\.yaml:5:\d+: triage\.refuse: unknown key/);
  });

  test('faults happen their number of times in their order, each logged', async () => {
    rig = await openModelRig(`
name: faulty
match: Greet
steps:
  - { say: at last, fault: [{ status: 529, times: 2 }, { withoutStop: true }] }
`);
    const failures: string[] = [];
    for (let call = 0; call < 3; call += 1) await ask([FIRST]).catch((error: unknown) => failures.push(String(error)));

    expect(failures).toHaveLength(3);
    expect((await ask([FIRST])).content).toEqual([{ type: 'text', text: 'at last' }]);
    expect((await rig.requests()).map((one) => one.kind)).toEqual(['fault', 'fault', 'fault', 'step']);
  });

  test('two scenarios that match are an ambiguity, and a wrong file stops the start', async () => {
    rig = await openModelRig(SCENARIO);
    await rig.write('two.yaml', SCENARIO.replace('greeting', 'other'));

    const reply = await ask([FIRST]);

    expect(reply.content).toMatchObject([{ input: { reason: 'more than one scenario matches: greeting, other' } }]);
    await expect(openModelRig('name: x\nmatch: y\nsteps: 3\n')).rejects.toThrow(
      'one.yaml:3:1: steps: expected a list, found number 3',
    );
  });
});
