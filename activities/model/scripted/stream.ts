/** A reply as the Messages API streams it: the order of events that clients insist on, each with `event:` and `data:`. */
import type { Reply, ReplyBlock } from './answer.ts';

export interface ReplyNames {
  readonly id: string;
  readonly model: string;
}

/** Small enough that a stream can be watched and cut in the middle. */
const PIECE = 40;

export function eventsOf(reply: Reply, names: ReplyNames): string[] {
  return [
    event('message_start', {
      message: {
        ...envelope(names),
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...inputUsage(reply), output_tokens: 1 },
      },
    }),
    ...reply.blocks.flatMap((block, index) => blockEvents(block, index)),
    event('message_delta', {
      delta: { stop_reason: reply.stopReason, stop_sequence: null },
      usage: { output_tokens: reply.usage.output },
    }),
    event('message_stop', {}),
  ];
}

/** The answer to a client that does not stream. Its input must be JSON. */
export function messageOf(reply: Reply, names: ReplyNames): object {
  const content = reply.blocks.map((block) =>
    block.type === 'text'
      ? block
      : { type: block.type, id: block.id, name: block.name, input: JSON.parse(block.json) as unknown },
  );
  return {
    ...envelope(names),
    content,
    stop_reason: reply.stopReason,
    stop_sequence: null,
    usage: { ...inputUsage(reply), output_tokens: reply.usage.output },
  };
}

export function errorEvent(type: string): string {
  return event('error', { error: { type, message: `scripted: ${type}` } });
}

function blockEvents(block: ReplyBlock, index: number): string[] {
  const start =
    block.type === 'text'
      ? { type: 'text', text: '' }
      : { type: 'tool_use', id: block.id, name: block.name, input: {} };
  const deltas = pieces(block.type === 'text' ? block.text : block.json).map((piece) =>
    block.type === 'text' ? { type: 'text_delta', text: piece } : { type: 'input_json_delta', partial_json: piece },
  );
  return [
    event('content_block_start', { index, content_block: start }),
    ...deltas.map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ];
}

function pieces(text: string): string[] {
  const points = Array.from(text);
  return Array.from({ length: Math.ceil(points.length / PIECE) }, (_, at) =>
    points.slice(at * PIECE, (at + 1) * PIECE).join(''),
  );
}

function envelope({ id, model }: ReplyNames): object {
  return { id, type: 'message', role: 'assistant', model };
}

function inputUsage({ usage }: Reply): object {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
  };
}

function event(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}
