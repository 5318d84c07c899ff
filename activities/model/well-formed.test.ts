import { describe, expect, test } from 'vitest';
import type { Transcript } from '../../store/port.ts';
import { messagesOf, toolUses } from '../agent/conversation.ts';
import { refusedBy, type StrictMessage } from './scripted/strictness.ts';
import { storedReply } from './well-formed.ts';

const HALF = '\ud83d';
const USAGE = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 };
const GOOD = { type: 'text', text: 'I look.' };

function call(id: unknown, more: object = {}): object {
  return { type: 'tool_use', id, name: 'bash', input: { command: 'true' }, ...more };
}

/** Turns as they stand in the store, each call with a result; the last has none when it asks for nothing. */
function transcriptOf(turns: readonly (readonly unknown[])[], result = 'fine'): Transcript {
  const rows = turns.map((content, at) => ({
    session: 's',
    turn: at + 1,
    content,
    stopReason: 'tool_use',
    model: 'scripted',
    usage: USAGE,
    microUsd: 1,
    at: 1,
  }));
  return {
    inputs: [{ session: 's', key: 'opening/1', beforeTurn: 1, text: `Greet people ${HALF}`, at: 1 }],
    turns: rows,
    results: rows.flatMap((row) =>
      toolUses(row).map(({ id }, at) => ({
        session: 's',
        turn: row.turn,
        toolUseId: id,
        content: `${result}${at === 0 ? '' : at}`,
        isError: false,
        at: 1,
      })),
    ),
  };
}

/** What a strict API says of the next request. */
function refused(transcript: Transcript): string | null {
  const messages = messagesOf(transcript);
  return refusedBy(JSON.stringify(messages), messages as unknown as StrictMessage[]);
}

describe('what goes to a Messages API is well formed', () => {
  test.each<[string, readonly unknown[]]>([
    ['ids that it does not take', [call('functions.bash:0'), call(''), call('ä'), call('x'.repeat(500)), call('a\0b')]],
    ['ids that are none', [call(7), call(null), { type: 'tool_use', name: 'bash', input: {} }]],
    ['one id several times', [call('toolu_1'), call('toolu_1'), call('toolu_1_2'), call('toolu_1')]],
    [
      'names that it does not take',
      ['', 'functions.bash<|x|>', 'n'.repeat(300), `a${HALF}`].map((name, at) => call(`c${at}`, { name })),
    ],
    ['no name', [call('c', { name: null })]],
    ['inputs that are no objects', [null, 'ls', 7, ['ls'], undefined].map((input, at) => call(`c${at}`, { input }))],
    [
      'an input with half a character',
      [call('c', { input: { command: `echo ${HALF}`, [`key${HALF}`]: [`${HALF}`] } })],
    ],
    [
      'an input nested too deeply',
      [call('c', { input: { a: JSON.parse(`${'['.repeat(9_000)}${']'.repeat(9_000)}`) as unknown } })],
    ],
    ['text that is empty', [{ type: 'text', text: '' }, { type: 'text', text: ' \n' }, call('c')]],
    ['text with half a character', [{ type: 'text', text: `so ${HALF}` }]],
    ['text that is none', [{ type: 'text' }, { type: 'text', text: null }]],
    ['nothing', []],
    [
      'blocks of kinds that it does not know',
      [GOOD, { type: 'reasoning', text: 'hm' }, { type: 7 }, null, 'text', [GOOD]],
    ],
    [
      'a thought without a signature',
      [
        { type: 'thinking', thinking: 'hm' },
        { type: 'thinking', thinking: 'hm', signature: '' },
      ],
    ],
    ['a thought at the end', [GOOD, { type: 'thinking', thinking: 'hm', signature: 'c2ln' }]],
  ])('%s', (_, content) => {
    expect(refused(transcriptOf([content]))).toBeNull();
    expect(refused(transcriptOf([[GOOD], content, content]))).toBeNull();
    expect(refused(transcriptOf([storedReply(content)]))).toBeNull();
  });

  test('each call of a reply keeps its own result, whatever ids the model gave', () => {
    const transcript = transcriptOf([[call('a'), call('a'), call('a')]]);

    const [, assistant, user] = messagesOf(transcript);

    const ids = (assistant?.content ?? []).map((block) => (block as { id: string }).id);
    expect(user?.content).toEqual(
      ['fine', 'fine1', 'fine2'].map((content, at) => ({ type: 'tool_result', tool_use_id: ids[at], content })),
    );
  });

  test('an id that an earlier turn had is sent under another, the earlier one as before', () => {
    const one = messagesOf(transcriptOf([[call('a')]]));
    const two = messagesOf(transcriptOf([[call('a')], [call('a')]]));

    expect(two.slice(0, one.length)).toEqual(one);
    expect(refused(transcriptOf([[call('a')], [call('a')], [call('a_2')]]))).toBeNull();
  });

  test('results and inputs of text only: no NUL, no half a character, never empty', () => {
    for (const result of ['', ' \n', `a${HALF}`, 'a\0b']) {
      const messages = messagesOf(transcriptOf([[call('a')]], result));
      expect(JSON.stringify(messages)).not.toMatch(/\\ud[89a-f]|\\u0000/i);
      expect(refused(transcriptOf([[call('a')]], result))).toBeNull();
    }
  });

  test('a reply that the model is to go on with does not end in white space', () => {
    expect(messagesOf(transcriptOf([[{ type: 'text', text: 'and so \n' }]])).at(-1)).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'and so' }],
    });
  });

  test('a well formed reply is stored and sent as it came', () => {
    const content = [GOOD, { type: 'thinking', thinking: 'hm', signature: 'c2ln' }, call('toolu_1')];

    expect(storedReply(content)).toEqual(content);
    expect(messagesOf(transcriptOf([content]))[1]?.content).toEqual(content);
  });
});
