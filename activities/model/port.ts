import type { Usage } from '../../domain/money.ts';

/** Blocks as the Messages API has them; only these kinds are read by our code, others are kept as they came. */
export interface ToolUse {
  readonly type: 'tool_use';
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the input. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

export interface ModelMessage {
  readonly role: 'user' | 'assistant';
  readonly content: readonly unknown[];
}

export interface ModelRequest {
  readonly model: string;
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ToolDefinition[];
  /** `any` forces a tool call. */
  readonly toolChoice: 'auto' | 'any';
  readonly maxTokens: number;
  /** Who asks, sent as the request's metadata: the session's id. */
  readonly session: string;
}

export interface ModelReply {
  readonly content: readonly unknown[];
  readonly stopReason: string;
  /** Null where the server did not say: then nobody can say what it cost. */
  readonly usage: Usage | null;
}

/**
 * The world's refusals as data; `retryAfterMs` is the server's own word when it gave one, bounded. `usage` is what the attempt cost as far as
 * the stream showed, all zero when the server refused before it began, and null when nobody can say.
 */
export type ModelFailure =
  | {
      readonly kind: 'rate-limited' | 'overloaded' | 'unreachable' | 'cut-stream' | 'server-error';
      readonly message: string;
      readonly retryAfterMs: number | null;
      readonly usage: Usage | null;
    }
  | {
      readonly kind: 'bad-request' | 'unauthorised' | 'no-credit' | 'unknown-model';
      readonly message: string;
      readonly retryAfterMs: null;
      readonly usage: Usage | null;
    }
  /** A person's stop came before the reply had begun. */
  | { readonly kind: 'interrupted'; readonly message: string; readonly retryAfterMs: null; readonly usage: null };

export type ModelOutcome =
  | { readonly ok: true; readonly reply: ModelReply }
  | { readonly ok: false; readonly failure: ModelFailure };

export interface ModelHooks {
  /** Throws the call away. */
  readonly signal: AbortSignal;
  /** A person's stop: the reply ends where it is, and what was said so far is kept. */
  readonly stop?: AbortSignal;
  /** Gets text as it comes, with its offset in the turn. */
  readonly onText: (delta: string, offset: number) => void;
}

export interface Model {
  /** One streamed call, never retried here. */
  call(request: ModelRequest, hooks: ModelHooks): Promise<ModelOutcome>;
}
