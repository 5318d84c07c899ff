/**
 * What a strict Messages API takes. What it refuses once it refuses each time that it is sent again, so a reply is put right when it is
 * stored (its calls can be told apart) and whatever leaves for the model is put right once more, a transcript of long ago included.
 */
import type { ToolUse } from './port.ts';
import { NOT_JSON } from './reply-builder.ts';

type Block = Readonly<Record<string, unknown>>;

/** Of ids and of names; the API takes a name of 128, and older versions of it 64. */
const MOST_CHARACTERS = 64;
/** JSON as people and models write it; the API's own parser has a bound too. */
const MOST_LEVELS = 100;
const NOTHING = '(nothing)';

/** A reply as it is stored: its text is whole characters, and each of its calls has an id of its own, which the API takes. */
export function storedReply(content: readonly unknown[]): readonly unknown[] {
  return withOwnIds(wholeText(content) as readonly unknown[], sentName);
}

/** The calls of a stored reply. Two that share an id, as an older release let stand, are told apart here as well. */
export function callsOf(content: readonly unknown[]): ToolUse[] {
  return calls(withOwnIds(content, idAsStored));
}

/** Each call with an id that no other of the reply has. */
function withOwnIds(content: readonly unknown[], idOf: (given: unknown, whenEmpty: string) => string): unknown[] {
  const taken = new Set<string>();
  return content.map((block) => {
    if (!isBlock(block) || block['type'] !== 'tool_use') return block;
    return { ...block, id: takeName(idOf(block['id'], 'call'), taken) };
  });
}

function idAsStored(given: unknown, whenEmpty: string): string {
  return typeof given === 'string' && given !== '' ? given : whenEmpty;
}

function calls(content: readonly unknown[]): ToolUse[] {
  return content
    .filter(isBlock)
    .filter((block) => block['type'] === 'tool_use')
    .map((block) => ({
      type: 'tool_use',
      id: String(block['id']),
      name: typeof block['name'] === 'string' ? block['name'] : '',
      input: block['input'],
    }));
}

/** `name`, or the first of `name_2`, `name_3`, … that is not taken; takes it. */
export function takeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let count = 2; taken.has(free); count += 1) free = `${name.slice(0, MOST_CHARACTERS - 8)}_${count}`;
  taken.add(free);
  return free;
}

/** A stored reply as it is sent back; `sentId` says under which id a call of it goes. Never empty, and never ends in a thought. */
export function sentReply(content: readonly unknown[], sentId: (id: string) => string): Block[] {
  const blocks = withOwnIds(content, idAsStored)
    .filter(isBlock)
    .flatMap((block) => sentBlock(block, sentId));
  const last = blocks.at(-1)?.['type'];
  return last === 'text' || last === 'tool_use' ? blocks : [...blocks, { type: 'text', text: NOTHING }];
}

function sentBlock(block: Block, sentId: (id: string) => string): Block[] {
  switch (block['type']) {
    case 'text': {
      const text = typeof block['text'] === 'string' ? block['text'] : '';
      return text.trim() === '' ? [] : [{ type: 'text', text: sentText(text) }];
    }
    case 'tool_use':
      return [
        {
          type: 'tool_use',
          id: sentId(String(block['id'])),
          name: sentName(block['name'], 'unnamed'),
          input: sentInput(block['input']),
        },
      ];
    case 'thinking': {
      // A thought without the API's own signature is not taken back.
      const { thinking, signature } = block;
      return typeof thinking === 'string' && typeof signature === 'string' && signature !== ''
        ? [{ type: 'thinking', thinking, signature }]
        : [];
    }
    case 'redacted_thinking':
      return typeof block['data'] === 'string' ? [{ type: 'redacted_thinking', data: block['data'] }] : [];
    default:
      // Nothing that we ask for brings others, and a kind that the API does not know fails the whole request.
      return [];
  }
}

/** Text for the model: never empty, and without what JSON can hold and text can't. */
export function sentText(text: string, whenEmpty = NOTHING): string {
  return text.trim() === '' ? whenEmpty : withoutHalves(text);
}

function withoutHalves(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

function sentInput(input: unknown): unknown {
  return eachText(isBlock(input) ? input : { [NOT_JSON]: input ?? '' }, withoutHalves);
}

function wholeText(value: unknown): unknown {
  return eachText(value, (text) => text.toWellFormed());
}

/** The same value with each of its texts put right, keys included. */
function eachText(value: unknown, right: (text: string) => string, level = 1): unknown {
  if (typeof value === 'string') return right(value);
  if (typeof value !== 'object' || value === null) return value;
  if (level > MOST_LEVELS) return '(nested too deeply)';
  if (Array.isArray(value)) return value.map((one) => eachText(one, right, level + 1));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [right(key), eachText(one, right, level + 1)]));
}

/** As the API takes ids and names of tools. */
export function sentName(given: unknown, whenEmpty: string): string {
  const name = typeof given === 'string' ? given.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, MOST_CHARACTERS) : '';
  return name === '' ? whenEmpty : name;
}

function isBlock(block: unknown): block is Block {
  return typeof block === 'object' && block !== null && !Array.isArray(block);
}
