/**
 * A transcript as the messages of the next request. All results of a turn stand first in the one message that follows it. What was said up
 * to a committed turn never changes, so it is made once for each row.
 */
import type { InputRow, ToolResultRow, Transcript, TurnRow } from '../../store/port.ts';
import type { ModelMessage, ToolUse } from '../model/port.ts';
import { callsOf, sentName, sentReply, sentText, takeName } from '../model/well-formed.ts';

/** Under which id each call of a turn is sent, by its id in the store: no two calls of a conversation may share one. */
type SentIds = ReadonlyMap<string, string>;

/** One committed turn as it is sent, with what was said to it. */
interface Spoken {
  readonly turn: TurnRow;
  readonly messages: readonly ModelMessage[];
  readonly ids: SentIds;
  /** By all turns up to it. */
  readonly taken: ReadonlySet<string>;
}

const spokenBefore = new WeakMap<TurnRow, Spoken>();

export function messagesOf(transcript: Transcript): ModelMessage[] {
  const messages: ModelMessage[] = [];
  let before: Spoken | null = null;
  for (const turn of transcript.turns) {
    const spoken: Spoken = spokenBefore.get(turn) ?? speak(transcript, before, turn);
    spokenBefore.set(turn, spoken);
    messages.push(...spoken.messages);
    before = spoken;
  }
  const last = userMessage(transcript, before, (before?.turn.turn ?? 0) + 1);
  return last.length > 0 ? [...messages, ...last] : endedInText(messages);
}

function speak(transcript: Transcript, before: Spoken | null, turn: TurnRow): Spoken {
  const taken = new Set(before?.taken);
  const ids = new Map(toolUses(turn).map(({ id }) => [id, takeName(sentName(id, 'call'), taken)]));
  // Never empty: the API refuses an empty message, and the count of turns must show in the count of messages.
  const reply = { role: 'assistant', content: sentReply(turn.content, (id) => ids.get(id) ?? id) } as const;
  return { turn, messages: [...userMessage(transcript, before, turn.turn), reply], ids, taken };
}

/** A reply that the model is to go on with may not end in white space. */
function endedInText(messages: readonly ModelMessage[]): ModelMessage[] {
  const last = messages.at(-1);
  const block = last?.content.at(-1);
  if (last === undefined || !isText(block)) return [...messages];
  const content = [...last.content.slice(0, -1), { ...block, text: block.text.trimEnd() }];
  return [...messages.slice(0, -1), { role: last.role, content }];
}

function isText(block: unknown): block is { readonly type: 'text'; readonly text: string } {
  return typeof block === 'object' && block !== null && 'text' in block && typeof block.text === 'string';
}

function userMessage(
  { inputs, results }: Transcript,
  before: { readonly turn: TurnRow; readonly ids: SentIds } | null,
  turn: number,
): ModelMessage[] {
  const answered =
    before === null
      ? []
      : toolUses(before.turn).map((use) => resultBlock(before.turn, use, results, before.ids.get(use.id) ?? use.id));
  const said = inputs.filter((input) => input.beforeTurn === turn).map(inputBlock);
  const content = [...answered, ...said];
  return content.length === 0 ? [] : [{ role: 'user', content }];
}

function inputBlock({ text }: InputRow): object {
  return { type: 'text', text: sentText(text) };
}

function resultBlock(turn: TurnRow, use: ToolUse, results: readonly ToolResultRow[], sentId: string): object {
  const result = results.findLast((one) => one.turn === turn.turn && one.toolUseId === use.id);
  if (result === undefined)
    throw new Error(
      `session ${turn.session} asks for the turn after ${turn.turn}, where ${use.name} (${use.id}) has no result yet`,
    );
  return {
    type: 'tool_result',
    tool_use_id: sentId,
    content: sentText(result.content, '(no output)'),
    ...(result.isError ? { is_error: true } : {}),
  };
}

export function toolUses(turn: Pick<TurnRow, 'content'>): ToolUse[] {
  return callsOf(turn.content);
}
