/**
 * Runs one tool call and stores its result; the first result stands. An unsafe call is marked before it acts, so that
 * it is never run a second time: whoever finds the mark and no result says that it was interrupted.
 */
import { Context } from '@temporalio/activity';
import type { SessionEnd } from '../../domain/session-end.ts';
import type { Unit } from '../../domain/unit.ts';
import type { Store, Transcript } from '../../store/port.ts';
import { DEFAULT_LIMITS } from '../sandbox/environment.ts';
import { FenceHeld, type Sandbox } from '../sandbox/port.ts';
import { aside } from '../pace/aside.ts';
import { toolUses } from './conversation.ts';
import { keepBundle, keepCommits, keepOutput } from './kept.ts';
import type { ToolUse } from '../model/port.ts';
import { isRepeat, keepPlace, lookAtPlace } from './progress.ts';
import { endOf, hasBegun, setBegun, setEnd, type CallKey } from './session-facts.ts';
import type { Transcripts } from './transcripts.ts';
import { createStopWatch } from '../pace/stop-watch.ts';
import { bindCall } from './tools/all.ts';
import { STOPPED } from './tools/output.ts';
import type { People, Workplace } from './unit-work.ts';
import { createShell, taught, type Place, type ToolOutcome } from './tools/tool.ts';

export interface ToolRunDeps {
  readonly store: Store;
  readonly transcripts: Transcripts;
  readonly sandbox: Pick<Sandbox, 'run'>;
  readonly shouldStop: () => Promise<boolean>;
  readonly scratchDir: string;
  readonly now: () => number;
}

export interface ToolRunInput {
  readonly unit: Unit;
  readonly people: People;
  readonly workplace: Workplace;
  readonly call: CallKey;
  readonly signal: AbortSignal;
}

export type ToolRan = { readonly kind: 'done' } | { readonly kind: 'ended'; readonly end: SessionEnd };

export async function runToolCall(deps: ToolRunDeps, input: ToolRunInput): Promise<ToolRan> {
  const { store, now } = deps;
  const { call } = input;
  const { control } = store;
  const transcript = await deps.transcripts.read(call.sessionId);
  const isDone = transcript.results.some((one) => one.turn === call.turn && one.toolUseId === call.toolUseId);
  if (isDone) return ranWith(await endOf(control, call));

  const turn = transcript.turns.find((one) => one.turn === call.turn);
  const use = turn === undefined ? undefined : toolUses(turn).find((one) => one.id === call.toolUseId);
  if (use === undefined)
    throw new Error(`session ${call.sessionId} has no tool call ${call.toolUseId} in turn ${call.turn}`);
  const unsafe = bindCall(use.name, use.input).replay === 'unsafe';
  if (unsafe && (await hasBegun(control, call))) {
    return recordLost(deps, input);
  }
  if (await deps.shouldStop()) {
    await putResult(deps, input.unit, call, taught('Not run: stopped by a person or the kill switch.'));
    return { kind: 'done' };
  }
  if (unsafe) await setBegun(control, call, now());
  const outcome = await heardFirst(input, await actOut(deps, input, use));
  await keepPlaceOfRepeat(deps, input, transcript, { use, outcome });
  if (outcome.end !== undefined) await setEnd(control, call, outcome.end, now());
  await putResult(deps, input.unit, call, outcome);
  return ranWith(outcome.end ?? null);
}

/** Work is not handed over past a person who has just said something: the session hears it and submits again. */
async function heardFirst({ unit, people }: ToolRunInput, outcome: ToolOutcome): Promise<ToolOutcome> {
  if (outcome.end?.kind !== 'submitted' || (await people.said(unit.id)).length === 0) return outcome;
  return taught('Not handed over yet: a person has something to say first. Read it, act on it, and submit again.');
}

function ranWith(end: SessionEnd | null): ToolRan {
  return end === null ? { kind: 'done' } : { kind: 'ended', end };
}

async function actOut(deps: ToolRunDeps, input: ToolRunInput, use: ToolUse): Promise<ToolOutcome> {
  const { store, now } = deps;
  const { unit, workplace, call, signal } = input;
  const { base, git } = workplace;
  const watch = createStopWatch(deps.shouldStop, signal);
  const bound = bindCall(use.name, use.input);
  const place = (): Promise<Place> => openPlace(deps, input, watch.signal);
  let outcome: ToolOutcome;
  try {
    outcome = await bound.run({
      unit: unit.id,
      base,
      place,
      git,
      scratchDir: deps.scratchDir,
      keepSubmission: async (submission) => {
        await keepBundle({ ...deps, git }, unit, submission.head);
        await store.control.setFact(`submit/${unit.id}`, submission, now());
      },
    });
    if (!watch.signal.aborted) await keepCommits(deps, { unit, base, isDue: bound.replay === 'unsafe', place });
  } catch (error) {
    // Nothing of it has run.
    if (!(error instanceof FenceHeld)) throw error;
    outcome = taught(`Not run: ${error.message}. Wait, and try it again.`);
  } finally {
    await watch.end();
  }
  if (signal.aborted) {
    // A cancelled call ends the activity; an unsafe one leaves word of what became of it.
    if (bound.replay === 'unsafe')
      await putResult(deps, unit, call, { content: `${outcome.content}\n${STOPPED}`, isError: true });
    signal.throwIfAborted();
  }
  // A tool of several commands takes the stop for a failure of the one that it hit.
  const unsaid = watch.stopped() && outcome.isError && !outcome.content.includes(STOPPED);
  return unsaid ? { ...outcome, content: `${outcome.content}\n${STOPPED}` } : outcome;
}

async function openPlace(deps: ToolRunDeps, { unit, workplace }: ToolRunInput, signal: AbortSignal): Promise<Place> {
  const worktree = await workplace.git.openWorktree(unit.id, workplace.base);
  const environment = await workplace.environment();
  const shell = createShell({ sandbox: deps.sandbox, worktree, environment, limits: DEFAULT_LIMITS, signal });
  return { worktree, shell };
}

async function putResult(deps: ToolRunDeps, unit: Unit, call: CallKey, outcome: ToolOutcome): Promise<void> {
  const { sessionId: session, turn, toolUseId } = call;
  if (outcome.full !== undefined) await keepOutput(deps, unit, call, outcome.full);
  const { content, isError } = outcome;
  await deps.store.sessions.putResult({ session, turn, toolUseId, content, isError, at: deps.now() });
}

/** A call that comes to the same again is progress where the work folder has changed meanwhile (domain/repeats.ts). */
async function keepPlaceOfRepeat(
  deps: ToolRunDeps,
  input: ToolRunInput,
  transcript: Transcript,
  { use, outcome }: { readonly use: ToolUse; readonly outcome: ToolOutcome },
): Promise<void> {
  if (bindCall(use.name, use.input).isRefused === true || !isRepeat(transcript, use, outcome)) return;
  const { unit, call, signal } = input;
  await aside(deps, { run: unit.id, what: 'what its work folder holds' }, async () => {
    const place = await lookAtPlace((await openPlace(deps, input, signal)).shell);
    const { sessionId: session, turn } = call;
    if (place !== null) await keepPlace(deps.store.control, { session, turn, place }, deps.now());
  });
}

const INTERRUPTED =
  'Interrupted: the worker was lost while this ran, and it may have run in part. Look at the state of the work folder before you go on.';
const CLEAR_MS = 60_000;
/** The fence is waited for a minute each time. */
const FENCE_ATTEMPTS = 5;

/** No git of the session is at work behind the fence: a lock that is there was left by the command that was lost. */
const CLEAR_LOCKS = ['sh', '-c', 'find "$(git rev-parse --git-dir)" -name "*.lock" -type f -delete'];

/** Says "interrupted" only while holding the unit's fence: then nothing of the lost call is left running. Where it can't be had, the session ends. */
export async function recordLost(deps: ToolRunDeps, input: ToolRunInput): Promise<ToolRan> {
  const { unit, call, signal } = input;
  const { shell } = await openPlace(deps, input, signal);
  try {
    const held = await shell.run({ argv: CLEAR_LOCKS, wallMs: CLEAR_MS, keepBytes: 1024 });
    if (held.end !== 'exited')
      throw new Error(`what the lost call of ${unit.subject} left could not be cleared away (${held.end})`);
  } catch (error) {
    if (!(error instanceof FenceHeld)) throw error;
    const { attempt } = Context.current().info;
    if (attempt < FENCE_ATTEMPTS) {
      await sayHeld(deps, unit, error);
      throw error;
    }
    return {
      kind: 'ended',
      end: { kind: 'failed', reason: `a command that was lost has not ended: ${error.message}` },
    };
  }
  await putResult(deps, unit, call, { content: INTERRUPTED, isError: true });
  return { kind: 'done' };
}

async function sayHeld({ store, now }: ToolRunDeps, unit: Unit, { message }: FenceHeld): Promise<void> {
  await store.events.append({ at: now(), subject: unit.subject, kind: 'run.held', data: { why: message } });
}
