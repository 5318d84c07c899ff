/**
 * What is due after the newest turn of a session, from its transcript alone: so that whoever comes after a crash, at
 * whatever point it was, goes on with the half-written turn and never with a second one (invariant 6).
 */
import { repeatsDue, repeatsInWords, type Repeats } from '../../domain/repeats.ts';
import type { SessionEnd } from '../../domain/session-end.ts';
import type { Transcript, TurnRow } from '../../store/port.ts';
import { toolUses } from './conversation.ts';
import type { ToolUse } from '../model/port.ts';

export type Due =
  /** The next model call. */
  | { readonly do: 'call' }
  | { readonly do: 'tools'; readonly turn: number; readonly calls: readonly ToolUse[] }
  /** Calls that must not run get this as their result. */
  | { readonly do: 'refuse'; readonly turn: number; readonly calls: readonly ToolUse[]; readonly why: string }
  | { readonly do: 'say'; readonly key: string; readonly text: string }
  | { readonly do: 'end'; readonly end: SessionEnd };

/** Replies in a row that ask for nothing that can be done. */
export const IDLE_TURNS = 3;

export const OPENING = 'opening/';
/** What a person said to the session, by the act's id. */
export const HEARD = 'act/';

const CALLS_REFUSED: Readonly<Record<string, string>> = {
  max_tokens:
    'Not run: your reply was cut at its token limit, so this call may be incomplete. Do it in smaller pieces.',
  refusal: 'Not run: the reply ended in a refusal.',
  model_context_window_exceeded: 'Not run: the conversation has outgrown the context window.',
};

/**
 * `ended`: how a tool call of the newest turn ended the session, if one did. `repeats`: of the session so far; null where the newest turn brought
 * something.
 */
export function dueAfter(transcript: Transcript, ended: SessionEnd | null, repeats: Repeats | null): Due {
  const last = transcript.turns.at(-1);
  if (last === undefined) return { do: 'call' };
  const done = new Set(transcript.results.filter((one) => one.turn === last.turn).map((one) => one.toolUseId));
  const calls = toolUses(last);
  const open = calls.filter((call) => !done.has(call.id));
  const reopened = transcript.inputs.some((input) => input.beforeTurn > last.turn && input.key.startsWith(OPENING));

  if (open.length > 0) {
    const why =
      CALLS_REFUSED[last.stopReason] ?? (ended !== null || reopened ? 'Not run: the session had ended before.' : null);
    return why === null
      ? { do: 'tools', turn: last.turn, calls: open }
      : { do: 'refuse', turn: last.turn, calls: open, why };
  }
  // What a person says is heard, even where the session would have ended.
  const heard = transcript.inputs.some((input) => input.beforeTurn > last.turn && input.key.startsWith(HEARD));
  if (reopened || heard) return { do: 'call' };
  if (ended !== null) return { do: 'end', end: ended };
  return dueAfterWhole(transcript, last, repeats);
}

function dueAfterWhole(transcript: Transcript, last: TurnRow, repeats: Repeats | null): Due {
  if (last.stopReason === 'refusal') return failed('the model refused to go on with this issue');
  if (last.stopReason === 'model_context_window_exceeded')
    return { do: 'end', end: { kind: 'exhausted', bound: 'context window' } };
  if (idleInARow(transcript) >= IDLE_TURNS)
    return failed(
      `the model asked for nothing that can be done, ${IDLE_TURNS} times in a row (last: ${last.stopReason})`,
    );
  const stuck = repeats === null ? null : dueAfterRepeats(transcript, last, repeats);
  if (stuck !== null) return stuck;
  if (!isIdle(last)) return { do: 'call' };
  // Paused by the server in the middle: the same messages again, and it goes on.
  if (last.stopReason === 'pause_turn') return { do: 'call' };
  // Its calls were answered by their refusal, which says all.
  if (toolUses(last).length > 0) return { do: 'call' };
  const key = `nudge/${last.turn}`;
  if (transcript.inputs.some((input) => input.key === key)) return { do: 'call' };
  return { do: 'say', key, text: last.stopReason === 'max_tokens' ? CUT : NUDGE };
}

function dueAfterRepeats({ inputs }: Transcript, last: TurnRow, repeats: Repeats): Due | null {
  const due = repeatsDue(repeats);
  if (due === 'end') return failed(`the session makes no progress: ${repeatsInWords(repeats)}`);
  const key = `repeats/${last.turn}`;
  if (due === 'nothing' || inputs.some((input) => input.key === key)) return null;
  return { do: 'say', key, text: `${repeatsInWords(repeats)}. ${OTHERWISE}` };
}

const OTHERWISE =
  'Doing it again will bring nothing else, and soon ends the session: look for the cause, go about it in another way, or call give_up with the reason.';

const NUDGE =
  'You called no tool. Go on with the work; when it is committed, call submit; if it cannot be done, call give_up with the reason.';
const CUT = 'Your reply was cut at its token limit. Go on in smaller pieces: short texts, one tool call at a time.';

function failed(reason: string): Due {
  return { do: 'end', end: { kind: 'failed', reason } };
}

function isIdle(turn: TurnRow): boolean {
  return turn.stopReason in CALLS_REFUSED || toolUses(turn).length === 0;
}

/** At the end of the transcript, since the session was last opened. */
function idleInARow({ turns, inputs }: Transcript): number {
  const openedBefore = Math.max(
    1,
    ...inputs.filter((input) => input.key.startsWith(OPENING)).map((input) => input.beforeTurn),
  );
  const since = turns.filter((turn) => turn.turn >= openedBefore);
  return since.length - 1 - since.findLastIndex((turn) => !isIdle(turn));
}
