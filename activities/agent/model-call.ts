/**
 * One attempt at a turn: reserve, call, settle, commit. The first committed (session, turn) wins, both attempts are
 * charged. Retries are the activity's: what may heal is thrown, what can't is data. A reached cap holds: it is no failure.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ModelConfig } from '../../config/types.ts';
import type { Usage } from '../../domain/money.ts';
import type { Unit } from '../../domain/unit.ts';
import type { Store, Transcript, TurnRow } from '../../store/port.ts';
import type { Redaction } from '../evidence/redact.ts';
import type { Meter } from '../metering/meter.ts';
import { aside } from '../pace/aside.ts';
import { notYet } from '../pace/waiting.ts';
import { messagesOf } from './conversation.ts';
import { OPENING } from './follow.ts';
import type { Model, ModelFailure, ModelRequest, ToolDefinition } from '../model/port.ts';
import { markHeld } from './session-hold.ts';
import type { Transcripts } from './transcripts.ts';
import { createTextStream } from './text-stream.ts';
import { worstCase } from '../model/worst-case.ts';
import { headOf } from '../../domain/text.ts';
import { sentText, storedReply } from '../model/well-formed.ts';

export interface ModelCallDeps {
  readonly store: Store;
  readonly model: Model;
  readonly transcripts: Transcripts;
  readonly modelConfig: Pick<ModelConfig, 'name' | 'maxTokens'>;
  readonly meter: Meter;
  /** For text as it streams; what is stored passes through the store's own. */
  readonly redaction: Redaction;
  readonly now: () => number;
}

export interface ModelCallInput {
  readonly unit: Unit;
  readonly session: { readonly id: string; readonly system: string };
  readonly transcript: Transcript;
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice: ModelRequest['toolChoice'];
  readonly signal: AbortSignal;
  /** A person's interrupt: what was said so far becomes the turn. */
  readonly stop?: AbortSignal;
}

export type ModelCallOutcome =
  | { readonly kind: 'committed'; readonly row: TurnRow }
  /** Nothing had been said yet. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'exhausted'; readonly bound: string }
  | { readonly kind: 'failed'; readonly reason: string };

export async function callModel(deps: ModelCallDeps, input: ModelCallInput): Promise<ModelCallOutcome> {
  const { store, meter, now } = deps;
  const { unit, session } = input;
  const spent = await meter.turnsUsedUp(unit);
  if (spent !== null) return { kind: 'exhausted', bound: spent };

  const turn = (input.transcript.turns.at(-1)?.turn ?? 0) + 1;
  const request = requestOf(deps.modelConfig, input);
  const attempts = `attempts/${session.id}/${turn}` as const;
  const attempt = (await readCount(store, attempts)) + 1;
  const key = `${session.id}/${turn}/${attempt}${executionMark()}`;
  const worst = worstCase(request, meter.price(request.model));
  const metered = await meter.reserve(unit, key, worst);
  if (metered.kind === 'held') throw await holdAt(deps, unit, metered.why);
  if (metered.kind === 'exhausted') return metered;
  // Counted once its money is there: an attempt that a cap holds back has asked the model for nothing.
  await store.control.setFact(attempts, attempt, now());

  const outcome = await stream(deps, input, request, { turn, attempt });
  if (!outcome.ok) {
    const { failure } = outcome;
    if (failure.usage !== null) await meter.settle(key, failure.usage, request.model);
    return failed(deps, { unit, cuts: `cuts/${session.id}/${turn}/${openingsOf(input.transcript)}` }, failure);
  }
  const { content, stopReason, usage } = outcome.reply;
  const microUsd = usage === null ? worst : await meter.settle(key, usage, request.model);
  const { row } = await store.sessions.commitTurn({
    session: session.id,
    turn,
    content: storedReply(content),
    stopReason,
    model: request.model,
    usage: usage ?? UNSAID,
    microUsd,
    at: now(),
  });
  return { kind: 'committed', row };
}

/** Without its slot, until the window has passed or a person has raised the cap. */
async function holdAt(deps: ModelCallDeps, unit: Unit, why: string): Promise<ApplicationFailure> {
  await markHeld(deps, unit, why);
  await deps.store.capacity.release(unit.subject);
  return notYet(why);
}

function openingsOf({ inputs }: Transcript): number {
  return inputs.filter(({ key }) => key.startsWith(OPENING)).length;
}

function requestOf({ name, maxTokens }: ModelCallDeps['modelConfig'], input: ModelCallInput): ModelRequest {
  return {
    model: name,
    system: sentText(input.session.system),
    messages: messagesOf(input.transcript),
    tools: input.tools,
    toolChoice: input.toolChoice,
    maxTokens,
    session: input.session.id,
  };
}

async function stream(
  deps: ModelCallDeps,
  { unit, session, signal, stop }: ModelCallInput,
  request: ModelRequest,
  at: { turn: number; attempt: number },
): ReturnType<Model['call']> {
  const { events } = deps.store;
  const { subject } = unit;
  const key = { session: session.id, ...at };
  const decorated = <T>(work: () => Promise<T>): Promise<T | null> =>
    aside(deps, { run: unit.id, what: `what turn ${at.turn} said as it came` }, work);
  if (at.attempt > 1)
    await decorated(() => events.append({ at: deps.now(), subject, kind: 'turn.restarted', data: key }));
  const text = createTextStream({ events, subject, key, redaction: deps.redaction, now: deps.now });
  try {
    return await deps.model.call(request, {
      signal,
      onText: text.onText,
      ...(stop === undefined ? {} : { stop }),
    });
  } finally {
    // The turn itself holds every word once more, and is paid for.
    await decorated(() => text.end());
  }
}

type Counted = `attempts/${string}` | `cuts/${string}`;

/** Kept in the store, because a rebuilt workflow counts its own attempts from one again, and each is charged. */
async function readCount(store: Store, key: Counted): Promise<number> {
  return (await store.control.fact(key)) ?? 0;
}

/** Tells an attempt from one that was given up as dead and goes on regardless: both may have read the same count. */
function executionMark(): string {
  const { workflowExecution, activityId, attempt } = Context.current().info;
  return `@${workflowExecution?.runId ?? 'none'}.${activityId}.${attempt}`;
}

const UNSAID: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
/** Broken streams of one turn since its session was opened. */
const MOST_CUTS = 8;

/** Where the server gave no delay. The rest heals in the activity's own time. */
const PATIENCE: Partial<Record<ModelFailure['kind'], { readonly firstMs: number; readonly mostMs: number }>> = {
  'rate-limited': { firstMs: 5_000, mostMs: 5 * 60_000 },
  overloaded: { firstMs: 15_000, mostMs: 10 * 60_000 },
};

/** `cuts`: the fact that counts the broken streams of this turn. */
async function failed(
  deps: ModelCallDeps,
  { unit, cuts }: { readonly unit: Unit; readonly cuts: Counted },
  failure: ModelFailure,
): Promise<ModelCallOutcome> {
  switch (failure.kind) {
    case 'bad-request':
    case 'unauthorised':
    case 'no-credit':
    case 'unknown-model':
      return { kind: 'failed', reason: `${REMEDIES[failure.kind]} (${headOf(failure.message, 300)})` };
    case 'interrupted':
      return { kind: 'interrupted' };
    case 'cut-stream': {
      // Each is paid for, and a server whose streams can't be read is not mended by asking it for ever.
      const count = (await readCount(deps.store, cuts)) + 1;
      await deps.store.control.setFact(cuts, count, deps.now());
      if (count < MOST_CUTS) throw await retryLater(deps, unit, failure);
      const reason = `the model's replies broke off or could not be read, ${count} times for one turn (${headOf(failure.message, 300)})`;
      return {
        kind: 'failed',
        reason: `${reason}: look at the server that model.baseUrl names, or at what stands before it`,
      };
    }
    default:
      throw await retryLater(deps, unit, failure);
  }
}

const REMEDIES = {
  'bad-request': 'the model refuses the request itself',
  unauthorised: 'the model does not accept the key: check model.apiKey or ANTHROPIC_API_KEY',
  'no-credit': "the model's account has no credit left: top it up",
  'unknown-model': 'the model does not exist for this account: check model.name',
} as const;

/** Said before it is waited: nobody looks into a retry of Temporal's. */
async function retryLater(deps: ModelCallDeps, unit: Unit, failure: ModelFailure): Promise<ApplicationFailure> {
  const patience = PATIENCE[failure.kind];
  const { attempt } = Context.current().info;
  const own = patience === undefined ? null : Math.min(patience.firstMs * 2 ** (attempt - 1), patience.mostMs);
  const delay = failure.retryAfterMs ?? own;
  const cause = `the model is not to be had: ${failure.kind}: ${failure.message}`;
  const message = delay === null ? cause : `${cause}; it is asked again at ${timeOf(deps.now() + delay)}`;
  if (delay !== null) {
    const event = { at: deps.now(), subject: unit.subject, kind: 'run.held', data: { why: message } };
    await aside(deps, { run: unit.id, what: 'that it waits for its model' }, () => deps.store.events.append(event));
  }
  return ApplicationFailure.create({
    message,
    type: failure.kind,
    ...(delay === null ? {} : { nextRetryDelay: delay }),
  });
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
