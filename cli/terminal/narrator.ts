/** Events of a run as lines for people. Text that streamed is not told again when its turn is committed. */
import { z } from 'zod';
import type { EventView, TranscriptView } from '../../api/views/view.ts';
import { withNotes } from '../../domain/act.ts';
import { money } from '../../ui/format.ts';
import type { ApiClient } from './api-client.ts';
import { oneLine, paint, plain, say } from './output.ts';

const stage = z.object({
  stage: z.string(),
  cause: z.string(),
  state: z.object({
    reason: z.string().optional(),
    outcome: z.string().optional(),
    head: z.string().optional(),
    brief: z.object({ kind: z.string() }).nullish(),
    progress: z
      .object({
        fixes: z.number(),
        red: z.object({ sha: z.string(), stage: z.string(), reason: z.string() }).nullable(),
        pause: z.object({ by: z.string() }).nullable(),
      })
      .optional(),
  }),
});
const delta = z.object({ session: z.string(), turn: z.number(), offset: z.number(), text: z.string() });
const restarted = z.object({ session: z.string(), turn: z.number(), attempt: z.number() });
const committed = z.object({
  session: z.string(),
  turn: z.number(),
  microUsd: z.number(),
  content: z.array(z.record(z.string(), z.unknown())),
});
const result = z.object({ session: z.string(), turn: z.number(), toolUseId: z.string(), isError: z.boolean() });
const evidence = z.object({ kind: z.string(), verdict: z.string().nullable(), summary: z.string() });
const held = z.object({ why: z.string() });
const act = z.object({
  id: z.string(),
  kind: z.string(),
  by: z.union([z.string(), z.object({ name: z.string() })]),
  note: z.string(),
});

const RESULT_LINES = 8;

export function createNarrator(deps: {
  readonly api: ApiClient;
  readonly run: string;
}): (row: EventView) => Promise<void> {
  /** How much of a turn's text is on the screen. */
  const told = new Map<string, number>();
  /** A state names the act; its note came with the act's own event. */
  const notes: { readonly id: string; readonly note: string }[] = [];
  let spent = 0;
  let midLine = false;

  function line(text: string): void {
    if (midLine) process.stdout.write('\n');
    midLine = false;
    say(text);
  }

  function write(text: string): void {
    process.stdout.write(plain(text));
    midLine = !text.endsWith('\n');
  }

  function onDelta(data: z.output<typeof delta>): void {
    const key = `${data.session}/${data.turn}`;
    const before = told.get(key) ?? 0;
    const fresh = data.text.slice(Math.max(0, before - data.offset));
    write(fresh);
    told.set(key, Math.max(before, data.offset + data.text.length));
  }

  function onCommitted(data: z.output<typeof committed>): void {
    const key = `${data.session}/${data.turn}`;
    const text = data.content
      .map((block) => (block['type'] === 'text' && typeof block['text'] === 'string' ? block['text'] : ''))
      .join('');
    write(text.slice(told.get(key) ?? 0));
    told.delete(key);
    spent += data.microUsd;
    for (const block of data.content) {
      if (block['type'] === 'tool_use')
        line(
          `${paint('magenta', `  ▸ ${plain(String(block['name']))}`)} ${paint('dim', oneLine(gistOf(block['input']), 120))}`,
        );
    }
    line(paint('dim', `  turn ${data.turn}, ${money(spent)} so far`));
  }

  async function onResult(data: z.output<typeof result>): Promise<void> {
    const query = new URLSearchParams({ session: data.session, from: String(data.turn) });
    const { sessions } = await deps.api.get<TranscriptView>(
      `/api/runs/${encodeURIComponent(deps.run)}/transcript?${query.toString()}`,
    );
    const found = sessions
      .flatMap((one) => one.results)
      .find((one) => one.turn === data.turn && one.toolUseId === data.toolUseId);
    line(paint(data.isError ? 'red' : 'dim', resultText(found?.content ?? '')));
  }

  return async (row) => {
    const { kind, data } = row;
    const clock = paint('dim', new Date(row.at).toISOString().slice(11, 19));
    switch (kind) {
      case 'run.stage':
        return line(`${clock} ${withNotes(stageLine(stage.parse(data)), notes)}`);
      case 'text.delta':
        return onDelta(delta.parse(data));
      case 'turn.restarted': {
        const read = restarted.parse(data);
        told.delete(`${read.session}/${read.turn}`);
        return line(paint('yellow', `  (turn ${read.turn} begins again, attempt ${read.attempt})`));
      }
      case 'turn.committed':
        return onCommitted(committed.parse(data));
      case 'tool.result':
        return onResult(result.parse(data));
      case 'evidence.added': {
        const read = evidence.parse(data);
        return line(
          `${clock} ${read.kind} ${paint(read.verdict === 'red' ? 'red' : 'green', read.verdict ?? 'noted')}  ${oneLine(read.summary, 120)}`,
        );
      }
      case 'act.added': {
        const read = act.parse(data);
        notes.push(read);
        return line(
          `${clock} ${paint('bold', `${read.kind} by ${plain(typeof read.by === 'string' ? read.by : read.by.name)}`)}: ${oneLine(read.note, 200)}`,
        );
      }
      case 'run.held':
        return line(`${clock} ${paint('yellow', 'waits')}  ${plain(held.parse(data).why)}`);
      default:
        return undefined;
    }
  };
}

function stageLine(read: z.output<typeof stage>): string {
  const cause = read.cause === '' ? '' : paint('dim', ` (${read.cause})`);
  const why = whyOf(read);
  return `${paint('bold', read.state.outcome ?? read.stage)}${cause}${why === '' ? '' : `  ${plain(why)}`}`;
}

/** What a person wants to know of a stage beside its name. */
function whyOf({ stage: name, state }: z.output<typeof stage>): string {
  if (state.reason !== undefined) return state.reason;
  const { red = null, fixes = 0, pause = null } = state.progress ?? {};
  if (pause !== null) return `paused by ${pause.by}, until it is resumed`;
  if (name === 'awaiting-approval')
    return `${state.head ?? ''} waits for a person: lamplighter show, then approve or reject`;
  if (name !== 'fix' || red === null) return '';
  const what = `${red.stage} of ${red.sha.slice(0, 10)} is red: ${red.reason}`;
  return state.brief == null ? what : `attempt ${fixes}: the agent reads the log of ${red.sha.slice(0, 10)}`;
}

function resultText(content: string): string {
  const lines = plain(content).trimEnd().split('\n');
  const shown = lines.slice(0, RESULT_LINES).map((text) => `    ${oneLine(text, 160)}`);
  if (lines.length > RESULT_LINES) shown.push(`    … ${lines.length - RESULT_LINES} more lines`);
  return shown.join('\n');
}

function gistOf(input: unknown): string {
  if (typeof input !== 'object' || input === null) return '';
  const command = 'command' in input && typeof input.command === 'string' ? input.command : '';
  const path = 'path' in input && typeof input.path === 'string' ? input.path : '';
  return [command, path].filter((part) => part !== '').join(' ') || JSON.stringify(input);
}
