import { afterEach, describe, expect, test } from 'vitest';
import { openModelRig, type ModelRig } from '../agent/agent-rig.ts';
import { createAnthropicModel } from './anthropic.ts';
import type { ModelOutcome, ModelRequest } from './port.ts';
import { NOT_JSON } from './reply-builder.ts';

let rig: ModelRig | null = null;
afterEach(async () => {
  await rig?.close();
  rig = null;
});

const REQUEST: ModelRequest = {
  model: 'scripted',
  system: 'You are a test.\nLamplighter-Run: run-9',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Greet people by name' }] }],
  tools: ['bash', 'give_up'].map((name) => ({ name, description: name, inputSchema: { type: 'object' } })),
  toolChoice: 'auto',
  maxTokens: 1000,
  session: 'run-9/work',
};

/** A scenario of one step. */
function playing(step: string): string {
  return `name: one\nmatch: Greet\ncapture: ['Lamplighter-Run: (?<run>\\S+)']\nsteps:\n  - ${step}\n`;
}

async function call(yaml: string, request: Partial<ModelRequest> = {}, heard: string[] = []): Promise<ModelOutcome> {
  rig = await openModelRig(yaml, 1000);
  return again(request, heard);
}

async function again(request: Partial<ModelRequest> = {}, heard: string[] = []): Promise<ModelOutcome> {
  if (rig === null) throw new Error('no rig is open');
  return rig.model.call(
    { ...REQUEST, ...request },
    { signal: new AbortController().signal, onText: (delta, offset) => heard.push(`${offset}:${delta}`) },
  );
}

describe('activities/agent/anthropic', () => {
  test('text, tool calls and usage arrive whole, text as it comes with its offset', async () => {
    const heard: string[] = [];
    const say = 'I look around in the folder first, and then I write the test.';

    const outcome = await call(
      playing(
        `{ say: '${say}', calls: [{ bash: 'echo {{run}}' }], usage: { input: 7, output: 5, cacheRead: 3, cacheWrite: 2 } }`,
      ),
      {},
      heard,
    );

    expect(outcome).toEqual({
      ok: true,
      reply: {
        content: [
          { type: 'text', text: say },
          { type: 'tool_use', id: expect.any(String), name: 'bash', input: { command: 'echo run-9' } },
        ],
        stopReason: 'tool_use',
        usage: { input: 7, output: 5, cacheRead: 3, cacheWrite: 2 },
      },
    });
    expect(heard).toEqual([`0:${say.slice(0, 40)}`, `40:${say.slice(40)}`]);
    expect(await rig?.requests()).toMatchObject([{ scenario: 'one', session: 'run-9/work', step: 0, kind: 'step' }]);
  });

  test.each([
    [400, 'bad-request'],
    [401, 'unauthorised'],
    [402, 'no-credit'],
    [403, 'unauthorised'],
    [404, 'unknown-model'],
    [413, 'bad-request'],
    [429, 'rate-limited'],
    [500, 'server-error'],
    [503, 'server-error'],
    [529, 'overloaded'],
  ])('status %i is %s, costs nothing and is asked once', async (status, kind) => {
    const outcome = await call(playing(`{ say: hi, fault: { status: ${status}, times: 9 } }`));

    expect(outcome).toMatchObject({
      ok: false,
      failure: { kind, retryAfterMs: null, usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } },
    });
    expect(await rig?.requests()).toHaveLength(1);
  });

  test("the server's own delay is handed on, and the call after it is answered", async () => {
    const limited = await call(playing('{ say: hi, fault: { status: 429, retryAfter: 1.5 } }'));
    const served = await again();

    expect(limited).toMatchObject({ ok: false, failure: { kind: 'rate-limited', retryAfterMs: 1500 } });
    expect(served).toMatchObject({ ok: true });
  });

  test('a bad request about credit is no-credit', async () => {
    const outcome = await call(
      playing("{ say: hi, fault: { status: 400, message: 'Your credit balance is too low' } }"),
    );

    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'no-credit' } });
  });

  test('an error event in the middle of the stream is classed by its type', async () => {
    const outcome = await call(
      playing('{ say: hello, usage: { input: 11 }, fault: { streamError: overloaded_error } }'),
    );

    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'overloaded', usage: { input: 11 } } });
  });

  test('a cut socket costs what the stream showed', async () => {
    const outcome = await call(
      playing(`{ say: ${'x'.repeat(4000)}, usage: { input: 11, output: 900 }, fault: { cutAfterBytes: 2000 } }`),
    );

    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'cut-stream', usage: { input: 11 } } });
    if (outcome.ok) throw new Error('the call went well');
    expect(outcome.failure.usage?.output).toBeGreaterThan(20);
  });

  test('a stream without message_stop is cut, not a reply', async () => {
    const outcome = await call(playing('{ say: hello, usage: { output: 42 }, fault: { withoutStop: true } }'));

    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'cut-stream', usage: { output: 42 } } });
  });

  test('a stream that goes silent is cut', async () => {
    const outcome = await call(playing('{ say: hello, paceMs: 60000 }'));

    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'cut-stream' } });
  });

  test('a server that is not there is unreachable and costs nothing', async () => {
    rig = await openModelRig(playing('{ say: hello }'));
    const { url } = rig;
    await rig.close();
    rig = null;
    const model = createAnthropicModel({ apiKey: null, baseUrl: url, timeoutMs: 1000 });

    const outcome = await model.call(REQUEST, { signal: new AbortController().signal, onText: () => {} });

    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'unreachable', usage: { input: 0 } } });
  });

  test('an aborted call throws the reason', async () => {
    rig = await openModelRig(playing('{ say: hello, delayMs: 60000 }'));
    const stop = new AbortController();

    const calling = rig.model.call(REQUEST, { signal: stop.signal, onText: () => {} });
    stop.abort(new Error('cancelled by the test'));

    await expect(calling).rejects.toThrow('cancelled by the test');
  });

  test('tool input that is not JSON is kept as text under a key of its own', async () => {
    const outcome = await call(playing(`{ calls: [{ raw: { name: bash, json: '{"command": ' } }] }`));

    expect(outcome).toMatchObject({
      ok: true,
      reply: { content: [{ name: 'bash', input: { [NOT_JSON]: '{"command": ' } }], stopReason: 'tool_use' },
    });
  });

  test.each(['refusal', 'pause_turn', 'model_context_window_exceeded'])(
    'stop reason %s comes through',
    async (stop) => {
      const outcome = await call(playing(`{ say: hm, stop: ${stop} }`));

      expect(outcome).toMatchObject({ ok: true, reply: { stopReason: stop } });
    },
  );

  test('a tool call cut by max_tokens says so', async () => {
    const outcome = await call(playing('{ calls: [{ bash: echo something long enough }], truncate: true }'));

    expect(outcome).toMatchObject({ ok: true, reply: { stopReason: 'max_tokens', content: [{ name: 'bash' }] } });
  });
});
