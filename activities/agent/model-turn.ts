/** One step of a session: finishes the half-written turn if there is one, else makes the next model call. */
import { Context } from '@temporalio/activity';
import type { SessionEnd } from '../../domain/session-end.ts';
import type { RunBounds } from '../../domain/run.ts';
import type { RunRow, Transcript } from '../../store/port.ts';
import type { TurnStep } from '../../workflows/ports.ts';
import { toolUses } from './conversation.ts';
import { dueAfter, type Due } from './follow.ts';
import { callModel, type ModelCallDeps } from './model-call.ts';
import { endOf } from './session-facts.ts';
import { bindCall, SESSION_TOOLS } from './tools/all.ts';

export interface ModelTurnInput {
  readonly run: RunRow;
  readonly sessionId: string;
  readonly bounds: RunBounds;
  /** Session time of the run's whole life when this step was asked for. */
  readonly elapsedMs: number;
  readonly signal: AbortSignal;
}

/** A tool's name as the model wrote it, for people who read the timeline. */
const NAME_CHARACTERS = 60;

export async function takeStep(deps: ModelCallDeps, input: ModelTurnInput): Promise<TurnStep> {
  const session = await deps.store.sessions.get(input.sessionId);
  if (session === null)
    throw new Error(`session ${input.sessionId} is not in the store: it must be opened before its first turn`);

  const before = await settle(deps, input.sessionId);
  if (before.due.do !== 'call') return stepOf(before.due);
  const elapsed = input.elapsedMs + (deps.now() - Context.current().info.scheduledTimestampMs);
  if (elapsed >= input.bounds.sessionMs) {
    return ended({
      kind: 'exhausted',
      bound: `${Math.round(input.bounds.sessionMs / 60_000)} minutes of session time`,
    });
  }
  const outcome = await callModel(deps, {
    run: input.run,
    session,
    transcript: before.transcript,
    tools: SESSION_TOOLS.map((tool) => tool.definition),
    toolChoice: 'auto',
    bounds: input.bounds,
    signal: input.signal,
  });
  if (outcome.kind !== 'committed') return ended(outcome);

  const after = await settle(deps, input.sessionId);
  return after.due.do === 'call' ? { kind: 'again', turn: outcome.row.turn } : stepOf(after.due);
}

type Final = Extract<Due, { do: 'call' | 'tools' | 'end' }>;

/** Writes what the transcript lacks (refusals of calls, nudges) until a call, tools or the end are due. */
async function settle(deps: ModelCallDeps, sessionId: string): Promise<{ due: Final; transcript: Transcript }> {
  const { sessions } = deps.store;
  for (;;) {
    const transcript = await sessions.transcript(sessionId);
    const due = dueAfter(transcript, await endOfTurn(deps, sessionId, transcript));
    switch (due.do) {
      case 'refuse':
        for (const call of due.calls) {
          await sessions.putResult({
            session: sessionId,
            turn: due.turn,
            toolUseId: call.id,
            content: due.why,
            isError: true,
            at: deps.now(),
          });
        }
        break;
      case 'say':
        await sessions.addInput(sessionId, due.key, due.text, deps.now());
        break;
      default:
        return { due, transcript };
    }
  }
}

/** How a finished tool call of the newest turn ended the session. */
async function endOfTurn(deps: ModelCallDeps, sessionId: string, transcript: Transcript): Promise<SessionEnd | null> {
  const last = transcript.turns.at(-1);
  if (last === undefined) return null;
  for (const call of toolUses(last)) {
    const isDone = transcript.results.some((one) => one.turn === last.turn && one.toolUseId === call.id);
    const end = isDone ? await endOf(deps.store.control, { sessionId, turn: last.turn, toolUseId: call.id }) : null;
    if (end !== null) return end;
  }
  return null;
}

function stepOf(due: Extract<Due, { do: 'tools' | 'end' }>): TurnStep {
  if (due.do === 'end') return ended(due.end);
  const calls = due.calls.map(({ id, name, input }) => ({
    id,
    name: name.slice(0, NAME_CHARACTERS),
    replay: bindCall(name, input).replay,
  }));
  return { kind: 'tools', turn: due.turn, calls };
}

function ended(end: SessionEnd): TurnStep {
  return { kind: 'ended', end };
}
