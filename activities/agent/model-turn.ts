/** One step of a session: finishes the half-written turn if there is one, else makes the next model call. */
import { Context } from '@temporalio/activity';
import type { SessionEnd } from '../../domain/session-end.ts';
import type { Unit } from '../../domain/unit.ts';
import type { Transcript } from '../../store/port.ts';
import type { TurnStep } from '../../workflows/ports.ts';
import { toolUses } from './conversation.ts';
import { dueAfter, HEARD, type Due } from './follow.ts';
import { callModel, type ModelCallDeps, type ModelCallOutcome } from './model-call.ts';
import { CALLED_AWAY } from '../run/minding.ts';
import { placesOf, repeatsIn } from './progress.ts';
import type { People } from './unit-work.ts';
import { endOf } from './session-facts.ts';
import { withoutHolds } from './held-time.ts';
import { createStopWatch } from '../pace/stop-watch.ts';
import { bindCall, SESSION_TOOLS } from './tools/all.ts';
import { headOf } from '../../domain/text.ts';

export interface ModelTurnInput {
  readonly unit: Unit;
  readonly people: People;
  readonly sessionId: string;
  /** Session time of the unit's whole life when this step was asked for, with the time it was held. */
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
  if (await input.people.callAway(input.unit.id)) return ended(CALLED_AWAY);
  const { sessionMs } = input.unit.budgets;
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
  { unit, people, signal }: ModelTurnInput,
  session: { readonly id: string; readonly system: string },
  transcript: Transcript,
): Promise<ModelCallOutcome> {
  const watch = createStopWatch(() => people.cutShort(unit.id), signal);
  try {
    return await callModel(deps, {
      unit,
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
  { unit, people, sessionId }: ModelTurnInput,
): Promise<{ due: Final; transcript: Transcript }> {
  const settled = await settle(deps, sessionId);
  if (settled.due.do === 'tools') return settled;
  return (await hear(deps, people, unit.id, sessionId)) ? settle(deps, sessionId) : settled;
}

/** Each word becomes an input keyed by its act, and only then is it taken, so that a death in between says it once. Says whether there was any. */
async function hear(deps: ModelCallDeps, people: People, unit: string, sessionId: string): Promise<boolean> {
  const said = await people.said(unit);
  for (const one of said) {
    await deps.store.sessions.addInput(sessionId, `${HEARD}${one.id}`, one.text, deps.now());
    await people.taken(one, deps.now());
  }
  return said.length > 0;
}

type Final = Extract<Due, { do: 'call' | 'tools' | 'end' }>;

/** Writes what the transcript lacks (refusals of calls, nudges) until a call, tools or the end are due. */
async function settle(deps: ModelCallDeps, sessionId: string): Promise<{ due: Final; transcript: Transcript }> {
  const { sessions } = deps.store;
  for (;;) {
    const transcript = await deps.transcripts.read(sessionId);
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
