/** What the Messages API refuses in a request, as far as a client of ours could send it: in the words of a 400, or null. */

export interface StrictMessage {
  readonly role: string;
  readonly content: string | readonly StrictBlock[];
}
export type StrictBlock = Readonly<Record<string, unknown>> & { readonly type: string };

const ID = /^[a-zA-Z0-9_-]+$/;
const NAME = /^[a-zA-Z0-9_-]{1,128}$/;
/** `JSON.stringify` writes half a pair as an escape, and nothing else of that range. */
const HALF = /\\ud[89a-f][0-9a-f]{2}/i;
const KINDS = new Set(['text', 'tool_use', 'tool_result', 'thinking', 'redacted_thinking', 'image', 'document']);

export function refusedBy(json: string, messages: readonly StrictMessage[]): string | null {
  if (HALF.test(json)) return 'the body is not valid JSON: no low surrogate in string';
  const ids = new Set<string>();
  for (const [at, { role, content }] of messages.entries()) {
    const place = `messages.${at}`;
    if (content.length === 0) return `${place}: content must not be empty`;
    if (typeof content === 'string') continue;
    for (const block of content) {
      const wrong = wrongBlock(block, ids);
      if (wrong !== null) return `${place}.content: ${wrong}`;
    }
    const end = content.at(-1)?.type;
    if (role === 'assistant' && (end === 'thinking' || end === 'redacted_thinking'))
      return `${place}: the final block must not be a thought`;
    const unanswered = unansweredIn(content, messages[at + 1]);
    if (unanswered !== null) return `${place}: tool_use ${unanswered} has no tool_result in the next message`;
  }
  return null;
}

function wrongBlock(block: StrictBlock, ids: Set<string>): string | null {
  if (!KINDS.has(block.type)) return `${block.type} is no type of a block`;
  if (block.type === 'text')
    return typeof block['text'] === 'string' && block['text'].trim() !== '' ? null : 'text must not be empty';
  if (block.type === 'thinking') return typeof block['signature'] === 'string' ? null : 'a thought needs its signature';
  if (block.type !== 'tool_use') return null;
  const { id, name, input } = block;
  if (typeof id !== 'string' || !ID.test(id)) return `tool_use.id must match ${String(ID)}`;
  if (ids.has(id)) return `tool_use ids must be unique, ${id} is there twice`;
  ids.add(id);
  if (typeof name !== 'string' || !NAME.test(name)) return `tool_use.name must match ${String(NAME)}`;
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return isObject ? null : 'tool_use.input must be an object';
}

function unansweredIn(content: readonly StrictBlock[], next: StrictMessage | undefined): string | null {
  const results = next === undefined || typeof next.content === 'string' ? [] : next.content;
  const answered = new Set(results.map((block) => block['tool_use_id']));
  const open = content.find((block) => block.type === 'tool_use' && !answered.has(block['id']));
  return open === undefined ? null : String(open['id']);
}
