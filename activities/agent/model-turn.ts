/** One step of a session: finishes the half-written turn if there is one, else makes the next model call. */
import { Context } from '@temporalio/activity';
import type { SessionEnd } from '../../domain/session-end.ts';
import { boundsWith } from '../../domain/bounds.ts';
import type { RunRow, Transcript } from '../../store/port.ts';
import type { TurnStep } from '../../workflows/ports.ts';
import { toolUses } from './conversation.ts';
import { dueAfter, type Due } from './follow.ts';
import { callModel, type ModelCallDeps, type ModelCallOutcome } from './model-call.ts';
import { CALLED_AWAY, hasActs } from '../run/minding.ts';
import { placesOf, repeatsIn } from './progress.ts';
import { hearPeople, isInterrupted, isStopped } from './session-acts.ts';
import { endOf } from './session-facts.ts';
import { withoutHolds } from './held-time.ts';
import { createStopWatch } from './stop-watch.ts';
import { bindCall, SESSION_TOOLS } from './tools/all.ts';
import { headOf } from '../../domain/text.ts';

export interface ModelTurnInput {
  readonly run: RunRow;
  readonly sessionId: string;
  /** Session time of the run's whole life when this step was asked for, with the time it was held. */
  readonly elapsedMs: number;
  readonly heldMs: number;
  readonly signal: AbortSignal;
}

/** A tool's name as the model wrote it, for people who read the timeline. */
const NAME_CHARACTERS = 60;

export async function takeStep(deps: ModelCallDeps, input: ModelTurnInput): Promise<TurnStep> {
  const session = await deps.store.sessions.get(input.sessionId);
  if (session === null)
    throw new Error(`session ${input.sessionId} is not in the store: it must be opened before its first turn`);

  const before = await settleAndHear(deps, input);
  if (before.due.do !== 'call') return stepOf(before.due);
  if (await hasActs(deps.store, input.run.id)) return ended(CALLED_AWAY);
  const { sessionMs } = boundsWith(input.run.bounds, input.run.state.progress.granted);
  const elapsed = input.elapsedMs + (deps.now() - Context.current().info.scheduledTimestampMs);
  if (withoutHolds(elapsed, input.heldMs) >= sessionMs) {
    return ended({ kind: 'exhausted', bound: `${Math.round(sessionMs / 60_000)} minutes of session time` });
  }
  const outcome = await callWatched(deps, input, session, before.transcript);
  if (outcome.kind === 'exhausted' || outcome.kind === 'failed') return ended(outcome);

  const after = await settleAndHear(deps, input);
  return after.due.do === 'call' ? { kind: 'again' } : stepOf(after.due);
}

/** A person's interrupt or stop ends the call within two seconds; what was said by then stays said. */
async function callWatched(
  deps: ModelCallDeps,
  { run, signal }: ModelTurnInput,
  session: { readonly id: string; readonly system: string },
  transcript: Transcript,
): Promise<ModelCallOutcome> {
  const watch = createStopWatch(
    async () => (await isInterrupted(deps.store, run.id)) || (await isStopped(deps.store, run.id)),
    signal,
  );
  try {
    return await callModel(deps, {
      run,
      session,
      transcript,
      tools: SESSION_TOOLS.map((tool) => tool.definition),
      toolChoice: 'auto',
      signal,
      stop: watch.signal,
    });
  } finally {
    await watch.end();
  }
}

/** At the boundary of a turn, and only there: every call of the last one has its result. */
async function settleAndHear(
  deps: ModelCallDeps,
  { run, sessionId }: ModelTurnInput,
): Promise<{ due: Final; transcript: Transcript }> {
  const settled = await settle(deps, sessionId);
  if (settled.due.do === 'tools') return settled;
  return (await hearPeople(deps.store, run.id, sessionId, deps.now())) ? settle(deps, sessionId) : settled;
}

type Final = Extract<Due, { do: 'call' | 'tools' | 'end' }>;

/** Writes what the transcript lacks (refusals of calls, nudges) until a call, tools or the end are due. */
async function settle(deps: ModelCallDeps, sessionId: string): Promise<{ due: Final; transcript: Transcript }> {
  const { sessions } = deps.store;
  for (;;) {
    const transcript = await sessions.transcript(sessionId);
    const repeats = repeatsIn(transcript, await placesOf(deps.store.control, sessionId));
    const due = dueAfter(transcript, await endOfTurn(deps, sessionId, transcript), repeats);
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
    name: headOf(name.toWellFormed(), NAME_CHARACTERS),
    replay: bindCall(name, input).replay,
  }));
  return { kind: 'tools', turn: due.turn, calls };
}

function ended(end: SessionEnd): TurnStep {
  return { kind: 'ended', end };
}
