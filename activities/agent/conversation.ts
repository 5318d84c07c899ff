/** A transcript as the messages of the next request. All results of a turn stand first in the one message that follows it. */
import type { InputRow, ToolResultRow, Transcript, TurnRow } from '../../store/port.ts';
import type { ModelMessage, ToolUse } from './port.ts';

export function messagesOf(transcript: Transcript): ModelMessage[] {
  const messages: ModelMessage[] = [];
  let before: TurnRow | null = null;
  for (const turn of transcript.turns) {
    messages.push(...userMessage(transcript, before, turn.turn));
    // The API refuses an empty message, and the count of turns must show in the count of messages.
    messages.push({
      role: 'assistant',
      content: turn.content.length > 0 ? turn.content : [{ type: 'text', text: '(nothing)' }],
    });
    before = turn;
  }
  messages.push(...userMessage(transcript, before, (before?.turn ?? 0) + 1));
  return messages;
}

function userMessage({ inputs, results }: Transcript, before: TurnRow | null, turn: number): ModelMessage[] {
  const answered = before === null ? [] : toolUses(before).map((use) => resultBlock(before, use, results));
  const said = inputs.filter((input) => input.beforeTurn === turn).map(inputBlock);
  const content = [...answered, ...said];
  return content.length === 0 ? [] : [{ role: 'user', content }];
}

function inputBlock({ text }: InputRow): object {
  return { type: 'text', text };
}

function resultBlock(turn: TurnRow, use: ToolUse, results: readonly ToolResultRow[]): object {
  const result = results.find((one) => one.turn === turn.turn && one.toolUseId === use.id);
  if (result === undefined)
    throw new Error(
      `session ${turn.session} asks for the turn after ${turn.turn}, where ${use.name} (${use.id}) has no result yet`,
    );
  return {
    type: 'tool_result',
    tool_use_id: use.id,
    content: result.content === '' ? '(no output)' : result.content,
    ...(result.isError ? { is_error: true } : {}),
  };
}

export function toolUses(turn: Pick<TurnRow, 'content'>): ToolUse[] {
  return turn.content.filter(isToolUse);
}

function isToolUse(block: unknown): block is ToolUse {
  return (
    typeof block === 'object' &&
    block !== null &&
    'type' in block &&
    block.type === 'tool_use' &&
    'id' in block &&
    typeof block.id === 'string' &&
    'name' in block &&
    typeof block.name === 'string' &&
    'input' in block
  );
}
