/** Servers whose streams are not as the Messages API has them. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAnthropicModel } from './anthropic.ts';
import type { ModelOutcome } from './port.ts';

let server: Server;
let plays: readonly (object | null | string)[];

beforeEach(async () => {
  server = createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of plays) {
      const type =
        typeof event === 'object' && event !== null && 'type' in event ? String(event.type) : 'message_delta';
      answer.write(`event: ${type}\ndata: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
    }
    answer.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

const START = { type: 'message_start', message: { usage: { input_tokens: 7, output_tokens: 1 } } };
const BLOCK = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
const TEXT = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hello' } };
const END = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } };
const STOP = { type: 'message_stop' };

async function play(...events: (object | null | string)[]): Promise<ModelOutcome> {
  plays = events;
  const { port } = server.address() as AddressInfo;
  const model = createAnthropicModel({ apiKey: null, baseUrl: `http://127.0.0.1:${port}`, timeoutMs: 5_000 });
  return model.call(
    {
      model: 'm',
      system: 's',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
      tools: [],
      toolChoice: 'auto',
      maxTokens: 9,
      session: 's',
    },
    { signal: new AbortController().signal, onText: () => undefined },
  );
}

describe('a stream', () => {
  test.each<[string, (object | null | string)[], object | null]>([
    [
      'whose first event says usage: null',
      [{ type: 'message_start', message: { usage: null } }, BLOCK, TEXT, END, STOP],
      null,
    ],
    ['whose first event has no usage', [{ type: 'message_start', message: {} }, BLOCK, TEXT, END, STOP], null],
    ['whose first event has no message', [{ type: 'message_start' }, BLOCK, TEXT, END, STOP], null],
    [
      'that says all usage at its end',
      [
        { type: 'message_start', message: { usage: null } },
        BLOCK,
        TEXT,
        { ...END, usage: { input_tokens: 7, output_tokens: 5 } },
        STOP,
      ],
      { input: 7, output: 5 },
    ],
    ['whose last event says usage: null', [START, BLOCK, TEXT, { ...END, usage: null }, STOP], { input: 7, output: 3 }],
    [
      'whose counts are no numbers',
      [{ type: 'message_start', message: { usage: { input_tokens: '7', output_tokens: -1 } } }, BLOCK, TEXT, END, STOP],
      null,
    ],
    [
      'with events that nobody knows',
      [
        START,
        { type: 'news' },
        null,
        '7',
        '"x"',
        '[]',
        BLOCK,
        { ...TEXT, delta: { type: 'odd_delta' } },
        TEXT,
        END,
        STOP,
      ],
      { input: 7, output: 5 },
    ],
    [
      'with a block of a kind that nobody knows',
      [START, { ...BLOCK, index: 1, content_block: { type: 'odd' } }, BLOCK, TEXT, END, STOP],
      { input: 7, output: 5 },
    ],
  ])('%s is a reply', async (_, events, usage) => {
    const outcome = await play(...events);

    expect(outcome).toMatchObject({ ok: true, reply: { stopReason: 'end_turn', usage } });
    expect(outcome.ok && outcome.reply.content[0]).toMatchObject({ type: 'text', text: 'hello' });
  });

  test.each<[string, (object | null | string)[]]>([
    ['that goes on with a block that it had not begun', [START, TEXT, END, STOP]],
    ['with a block of no type', [START, { ...BLOCK, content_block: null }, TEXT, END, STOP]],
    ['without a reason to stop', [START, BLOCK, TEXT, { ...END, delta: null }, STOP]],
    ['that ends in the middle', [START, BLOCK, TEXT]],
    ['without a beginning', [BLOCK, TEXT, END, STOP]],
    ['of nothing', []],
    ['that is no JSON', [START, '{"type": ']],
  ])('%s is one that was cut', async (_, events) => {
    expect(await play(...events)).toMatchObject({ ok: false, failure: { kind: 'cut-stream' } });
  });

  test('with an error event is what the event says', async () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'busy' } };

    expect(await play(START, BLOCK, error)).toMatchObject({
      ok: false,
      failure: { kind: 'overloaded', usage: { input: 7 } },
    });
  });
});
