/**
 * The Messages API through Anthropic's SDK: one streamed call, never retried here, because the activity's own retry
 * policy rules. Every way in which it can go wrong comes back as data, with what the attempt cost as far as the stream showed.
 */
import Anthropic from '@anthropic-ai/sdk';
import { failureOf, StreamEndedEarly, withUsage } from './anthropic-failure.ts';
import type { Model, ModelOutcome, ModelRequest } from './port.ts';
import { createProxiedFetch } from './proxied-fetch.ts';
import { createReplyBuilder, type ReplyBuilder } from './reply-builder.ts';

export interface AnthropicOptions {
  /** Null where the server wants none, as the scripted model does. */
  readonly apiKey: string | null;
  /** Null: Anthropic's own. */
  readonly baseUrl: string | null;
  /** A stream that is silent for so long is taken for dead. */
  readonly timeoutMs: number;
  /** The variables of the proxy on the way to it; absent or empty: none. */
  readonly proxy?: Readonly<Record<string, string>>;
}

export const ANTHROPIC = 'https://api.anthropic.com';

export function createAnthropicModel({ apiKey, baseUrl, timeoutMs, proxy = {} }: AnthropicOptions): Model {
  // Everything is said here, so that the SDK reads nothing from the environment.
  const client = new Anthropic({
    apiKey: apiKey ?? 'none',
    authToken: null,
    baseURL: baseUrl ?? ANTHROPIC,
    maxRetries: 0,
    timeout: timeoutMs,
    ...(Object.keys(proxy).length === 0 ? {} : { fetch: createProxiedFetch(proxy) }),
  });

  return {
    async call(request, { signal, stop, onText }): Promise<ModelOutcome> {
      const silence = createSilence(timeoutMs);
      const builder = createReplyBuilder(onText);
      try {
        const stream = await client.messages.create(bodyOf(request), {
          signal: AbortSignal.any([signal, silence.signal, ...(stop === undefined ? [] : [stop])]),
        });
        for await (const event of stream) {
          silence.heard();
          builder.take(event);
        }
        // The SDK ends the loop quietly when its own signal is aborted.
        signal.throwIfAborted();
        if (stop?.aborted === true) return interrupted(builder);
        if (silence.signal.aborted) throw new StreamEndedEarly(`the stream was silent for ${timeoutMs} ms`);
        return { ok: true, reply: builder.finish() };
      } catch (error) {
        signal.throwIfAborted();
        if (stop?.aborted === true) return interrupted(builder);
        const shown = silence.signal.aborted ? new StreamEndedEarly(`the model was silent for ${timeoutMs} ms`) : error;
        return { ok: false, failure: withUsage(failureOf(shown, builder.began()), builder.usage()) };
      } finally {
        silence.stop();
      }
    },
  };
}

function interrupted(builder: ReplyBuilder): ModelOutcome {
  const reply = builder.cut();
  if (reply !== null) return { ok: true, reply };
  const message = 'a person interrupted before the model had said anything';
  return { ok: false, failure: { kind: 'interrupted', message, retryAfterMs: null, usage: null } };
}

/** Aborts when nothing was heard for `ms`: the SDK's own timeout covers no more than the wait for the first byte. */
function createSilence(ms: number): { readonly signal: AbortSignal; heard(): void; stop(): void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, heard: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}

const CACHED = { cache_control: { type: 'ephemeral' } } as const;

/** The three cache marks make a growing conversation pay for its new end only. */
function bodyOf(request: ModelRequest): Anthropic.MessageCreateParamsStreaming {
  const lastTool = request.tools.length - 1;
  return {
    model: request.model,
    max_tokens: request.maxTokens,
    stream: true,
    system: [{ type: 'text', text: request.system, ...CACHED }],
    messages: markLastUserBlock(request.messages),
    tools: request.tools.map((tool, index) => ({
      name: tool.name,
      description: tool.description,
      input_schema: { ...tool.inputSchema, type: 'object' as const },
      ...(index === lastTool ? CACHED : {}),
    })),
    tool_choice: { type: request.toolChoice },
    metadata: { user_id: request.session },
  };
}

function markLastUserBlock(messages: ModelRequest['messages']): Anthropic.MessageParam[] {
  const last = messages.findLastIndex((message) => message.role === 'user');
  const marked = messages.map(({ role, content }, index) => {
    const block: unknown = content.at(-1);
    if (index !== last || typeof block !== 'object' || block === null) return { role, content };
    return { role, content: [...content.slice(0, -1), { ...block, ...CACHED }] };
  });
  // Blocks are opaque to us: they go back as the API gave them.
  return marked as Anthropic.MessageParam[];
}
