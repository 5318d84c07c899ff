/** A Messages API request as far as the scripted model reads it. Clients send much more; what is unknown is let be. */
import { z } from 'zod';
import { refusedBy } from './strictness.ts';

const block = z.looseObject({ type: z.string() });
type Block = z.infer<typeof block>;

const body = z.looseObject({
  model: z.string(),
  max_tokens: z.number().optional(),
  stream: z.boolean().optional(),
  system: z.union([z.string(), z.array(block)]).optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(block)]) })).min(1),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).optional(),
});

export interface SeenRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly session: string | null;
  readonly system: string;
  readonly tools: readonly string[];
  readonly messages: readonly { readonly role: string; readonly text: string }[];
  readonly firstUserText: string;
  readonly lastText: string;
  /** Tool results of the last message, in order. */
  readonly lastResults: readonly ('ok' | 'error')[];
  /** Everything that a person or a program wrote, for captures. */
  readonly wholeText: string;
}

export type ReadRequest =
  | { readonly ok: true; readonly request: SeenRequest }
  | { readonly ok: false; readonly why: string };

export function readRequest(json: string): ReadRequest {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, why: `the body is not JSON: ${error.message}` };
    throw error;
  }
  const parsed = body.safeParse(value);
  if (!parsed.success) return { ok: false, why: z.prettifyError(parsed.error) };
  const why = refusedBy(json, parsed.data.messages);
  return why === null ? { ok: true, request: seen(parsed.data) } : { ok: false, why };
}

function seen(request: z.infer<typeof body>): SeenRequest {
  const messages = request.messages.map(({ role, content }) => ({ role, text: textOf(content) }));
  const last = request.messages.at(-1);
  const system = textOf(request.system ?? '');
  return {
    model: request.model,
    stream: request.stream ?? false,
    session: request.metadata?.user_id ?? null,
    system,
    tools: (request.tools ?? []).map((tool) => tool.name),
    messages,
    firstUserText: messages.find((message) => message.role === 'user')?.text ?? '',
    lastText: messages.at(-1)?.text ?? '',
    lastResults: last === undefined || typeof last.content === 'string' ? [] : resultsOf(last.content),
    wholeText: [system, ...messages.map((message) => message.text)].join('\n'),
  };
}

function resultsOf(content: readonly Block[]): ('ok' | 'error')[] {
  return content.filter((one) => one.type === 'tool_result').map((one) => (one['is_error'] === true ? 'error' : 'ok'));
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((one) => blockText(one)).join('\n');
}

function blockText(one: unknown): string {
  if (typeof one !== 'object' || one === null) return '';
  if ('text' in one && typeof one.text === 'string') return one.text;
  if ('input' in one) return JSON.stringify(one.input);
  return 'content' in one ? textOf(one.content) : '';
}
