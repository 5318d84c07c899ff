/** Puts a streamed reply together, and keeps count of what it cost so far. */
import type Anthropic from '@anthropic-ai/sdk';
import type { Usage } from '../../domain/money.ts';
import { StreamEndedEarly } from './anthropic-failure.ts';
import type { ModelReply } from './port.ts';

/** The one key of a tool input that was not JSON: a block must hold an object, or the API refuses it when it is sent back. */
export const NOT_JSON = 'lamplighter_not_json';

export interface ReplyBuilder {
  take(event: Anthropic.RawMessageStreamEvent): void;
  began(): boolean;
  /** Null before the stream began. */
  usage(): Usage | null;
  /** Throws StreamEndedEarly when the message is not whole. */
  finish(): ModelReply;
  /** The text so far, as a reply that a person interrupted; null before the stream began. Calls and thoughts that may be half said are left out. */
  cut(): ModelReply | null;
}

export const INTERRUPTED = 'interrupted';

type Block = Record<string, unknown> & { type: string };

export function createReplyBuilder(onText: (delta: string, offset: number) => void): ReplyBuilder {
  const blocks = new Map<number, Block>();
  const inputs = new Map<number, string>();
  let usage: Usage | null = null;
  let counted = false;
  let stopReason: string | null = null;
  let stopped = false;
  let textLength = 0;
  let streamedLength = 0;

  function takeDelta(index: number, delta: Anthropic.RawContentBlockDelta): void {
    const block = blocks.get(index);
    if (block === undefined)
      throw new StreamEndedEarly(`the stream went on with block ${index}, which it had not begun`);
    switch (delta.type) {
      case 'text_delta':
        block['text'] = `${textOf(block, 'text')}${delta.text}`;
        streamedLength += delta.text.length;
        onText(delta.text, textLength);
        textLength += delta.text.length;
        return;
      case 'input_json_delta':
        inputs.set(index, `${inputs.get(index) ?? ''}${delta.partial_json}`);
        streamedLength += delta.partial_json.length;
        return;
      case 'thinking_delta':
        block['thinking'] = `${textOf(block, 'thinking')}${delta.thinking}`;
        streamedLength += delta.thinking.length;
        return;
      case 'signature_delta':
        block['signature'] = delta.signature;
        return;
      default:
        // Citations and what is new: nothing of ours reads them, and the block stands without.
        return;
    }
  }

  function shown(): Usage | null {
    if (usage === null || counted) return usage;
    // The count of output comes with the stream's end: until then what was seen, on the dear side.
    return { ...usage, output: Math.max(usage.output, Math.ceil(streamedLength / 2)) };
  }

  function content(): Block[] {
    const inOrder = [...blocks.entries()].toSorted(([a], [b]) => a - b).map(([, block]) => block);
    return inOrder.filter((block) => !isEmptyText(block));
  }

  return {
    take(event) {
      switch (event.type) {
        case 'message_start':
          usage = usageOf(event.message.usage);
          return;
        case 'content_block_start':
          blocks.set(event.index, { ...event.content_block });
          return;
        case 'content_block_delta':
          takeDelta(event.index, event.delta);
          return;
        case 'content_block_stop':
          return;
        case 'message_delta':
          stopReason = event.delta.stop_reason;
          counted = true;
          usage = mergedUsage(usage, event.usage);
          return;
        case 'message_stop':
          stopped = true;
          return;
        default:
          return;
      }
    },
    began: () => usage !== null,
    usage: shown,
    finish() {
      if (usage === null || stopReason === null || !stopped)
        throw new StreamEndedEarly('the stream ended before the message did');
      for (const [index, json] of inputs) {
        const block = blocks.get(index);
        if (block !== undefined) block['input'] = inputOf(json);
      }
      return { content: content(), stopReason, usage };
    },
    cut() {
      const cost = shown();
      const texts = content().filter((block) => block.type === 'text');
      return cost === null ? null : { content: texts, stopReason: INTERRUPTED, usage: cost };
    },
  };
}

/** The API refuses an empty text block when it is sent back. */
function isEmptyText(block: Block): boolean {
  return block.type === 'text' && textOf(block, 'text').trim() === '';
}

function textOf(block: Block, key: string): string {
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

interface ApiUsage {
  readonly input_tokens: number | null;
  readonly output_tokens: number;
  readonly cache_read_input_tokens: number | null;
  readonly cache_creation_input_tokens: number | null;
}

function usageOf(usage: ApiUsage): Usage {
  return {
    input: usage.input_tokens ?? 0,
    output: usage.output_tokens,
    cacheRead: usage.cache_read_input_tokens ?? 0,
    cacheWrite: usage.cache_creation_input_tokens ?? 0,
  };
}

/** The last event's counts are cumulative, and it need not repeat those of the input. */
function mergedUsage(before: Usage | null, delta: ApiUsage): Usage {
  return {
    input: delta.input_tokens ?? before?.input ?? 0,
    output: delta.output_tokens,
    cacheRead: delta.cache_read_input_tokens ?? before?.cacheRead ?? 0,
    cacheWrite: delta.cache_creation_input_tokens ?? before?.cacheWrite ?? 0,
  };
}
