/** Puts a streamed reply together, and keeps count of what it cost so far. */
import type { Usage } from '../../domain/money.ts';
import { StreamEndedEarly } from './anthropic-failure.ts';
import type { ModelReply } from './port.ts';

/** The one key of a tool input that was not JSON: a block must hold an object, or the API refuses it when it is sent back. */
export const NOT_JSON = 'lamplighter_not_json';

/** Events are a server's words: what is missing in them or is of another kind is data, and never ends the worker's attempt by a fault of ours. */
export interface ReplyBuilder {
  /** Throws StreamEndedEarly where the event contradicts the stream so far. */
  take(event: unknown): void;
  began(): boolean;
  /** Null where the stream has not said how long the prompt was. */
  usage(): Usage | null;
  /** Throws StreamEndedEarly when the message is not whole. */
  finish(): ModelReply;
  /** The text so far, as a reply that a person interrupted; null before the stream began. Calls and thoughts that may be half said are left out. */
  cut(): ModelReply | null;
}

export const INTERRUPTED = 'interrupted';

type Fields = Readonly<Record<string, unknown>>;
type Block = Record<string, unknown> & { type: string };
type Counts = { -readonly [Class in keyof Usage]: number | null };

export function createReplyBuilder(onText: (delta: string, offset: number) => void): ReplyBuilder {
  const counts = createCounts();
  const blocks = createBlocks(onText, (text) => counts.saw(text));
  let began = false;
  let stopReason: string | null = null;
  let stopped = false;

  return {
    take(given) {
      const event = fieldsOf(given);
      switch (event['type']) {
        case 'message_start':
          began = true;
          counts.take(fieldsOf(event['message'])['usage']);
          return;
        case 'content_block_start':
          blocks.begin(event['index'], event['content_block']);
          return;
        case 'content_block_delta':
          blocks.goOn(event['index'], fieldsOf(event['delta']));
          return;
        case 'message_delta': {
          const reason = fieldsOf(event['delta'])['stop_reason'];
          if (typeof reason === 'string') stopReason = reason;
          counts.take(event['usage'], true);
          return;
        }
        case 'message_stop':
          stopped = true;
          return;
        default:
          return;
      }
    },
    began: () => began,
    usage: () => counts.shown(),
    finish() {
      if (!began || stopReason === null || !stopped)
        throw new StreamEndedEarly('the stream ended before the message did');
      return { content: blocks.finish(), stopReason, usage: counts.shown() };
    },
    cut() {
      const texts = blocks.content().filter((block) => block.type === 'text');
      return began ? { content: texts, stopReason: INTERRUPTED, usage: counts.shown() } : null;
    },
  };
}

/** The blocks of a reply as they grow; `saw` gets all that the model wrote. */
function createBlocks(onText: (delta: string, offset: number) => void, saw: (text: string) => void) {
  const blocks = new Map<unknown, Block>();
  const inputs = new Map<unknown, string>();
  let textLength = 0;

  function begin(index: unknown, given: unknown): void {
    const { type, ...fields } = fieldsOf(given);
    if (typeof type !== 'string') throw new StreamEndedEarly(`the stream began a block ${String(index)} of no type`);
    blocks.set(index, { ...fields, type });
  }

  function goOn(index: unknown, delta: Fields): void {
    const block = blocks.get(index);
    if (block === undefined)
      throw new StreamEndedEarly(`the stream went on with block ${String(index)}, which it had not begun`);
    switch (delta['type']) {
      case 'text_delta': {
        const text = textOf(delta, 'text');
        block['text'] = `${textOf(block, 'text')}${text}`;
        saw(text);
        onText(text, textLength);
        textLength += text.length;
        return;
      }
      case 'input_json_delta': {
        const json = textOf(delta, 'partial_json');
        inputs.set(index, `${inputs.get(index) ?? ''}${json}`);
        saw(json);
        return;
      }
      case 'thinking_delta': {
        const thinking = textOf(delta, 'thinking');
        block['thinking'] = `${textOf(block, 'thinking')}${thinking}`;
        saw(thinking);
        return;
      }
      case 'signature_delta':
        block['signature'] = delta['signature'];
        return;
      default:
        // Citations and what is new: nothing of ours reads them, and the block stands without.
        return;
    }
  }

  function content(): Block[] {
    const inOrder = [...blocks.entries()].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, block]) => block);
    return inOrder.filter((block) => !isEmptyText(block));
  }

  return {
    begin,
    goOn,
    content,
    /** With the inputs of its calls, which are whole only now. */
    finish(): Block[] {
      for (const [index, json] of inputs) {
        const block = blocks.get(index);
        if (block !== undefined) block['input'] = inputOf(json);
      }
      return content();
    },
  };
}

/** What the reply has cost as far as the stream showed. */
function createCounts() {
  const counts: Counts = { input: null, output: null, cacheRead: null, cacheWrite: null };
  let isFinal = false;
  let sawLength = 0;
  return {
    saw(text: string): void {
      sawLength += text.length;
    },
    /** The last event's counts are cumulative, and it need not repeat those of the input. */
    take(given: unknown, isLast = false): void {
      const usage = fieldsOf(given);
      counts.input = countIn(usage, 'input_tokens') ?? counts.input;
      counts.output = countIn(usage, 'output_tokens') ?? counts.output;
      counts.cacheRead = countIn(usage, 'cache_read_input_tokens') ?? counts.cacheRead;
      counts.cacheWrite = countIn(usage, 'cache_creation_input_tokens') ?? counts.cacheWrite;
      isFinal ||= isLast && countIn(usage, 'output_tokens') !== null;
    },
    shown(): Usage | null {
      const { input, output, cacheRead, cacheWrite } = counts;
      if (input === null) return null;
      // The count of output comes with the stream's end: until then what was seen, on the dear side.
      const seen = isFinal ? 0 : Math.ceil(sawLength / 2);
      return { input, output: Math.max(output ?? 0, seen), cacheRead: cacheRead ?? 0, cacheWrite: cacheWrite ?? 0 };
    },
  };
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** Tokens; null where the server gives no such number. */
function countIn(usage: Fields, name: string): number | null {
  const value = usage[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** The API refuses an empty text block when it is sent back. */
function isEmptyText(block: Block): boolean {
  return block.type === 'text' && textOf(block, 'text').trim() === '';
}

function textOf(block: Fields, key: string): string {
  const value = block[key];
  return typeof value === 'string' ? value : '';
}

function inputOf(json: string): unknown {
  if (json.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    return { [NOT_JSON]: json };
  } catch (error) {
    if (error instanceof SyntaxError) return { [NOT_JSON]: json };
    throw error;
  }
}
