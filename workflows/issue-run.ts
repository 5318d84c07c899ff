/**
 * A run's whole life. The rules are in domain/: this performs the work that a state is due, feeds what came back to
 * `next`, and writes each transition to the store before anything else happens because of it (design section 5).
 */
import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  uuid4,
} from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType, TemporalFailure } from '@temporalio/common';
import { effectInWords, runDetails } from '../domain/details.ts';
import { laneWorkflowId, type RunInput, type TriagePlan } from '../domain/run.ts';
import { FRESH, workOf, type RunEffect, type RunEvent, type RunState, type Work } from '../domain/stage.ts';
import { next } from '../domain/transition.ts';
import { control } from './calls.ts';
import { escalate, poke, runEnded, unfreeze } from './messages.ts';
import type { ControlActivities, OutsideSignal } from './ports.ts';
import { doWork, type WorkContext } from './run-work.ts';

const attributes = {
  repo: defineSearchAttributeKey('LamplighterRepo', SearchAttributeType.KEYWORD),
  stage: defineSearchAttributeKey('LamplighterStage', SearchAttributeType.KEYWORD),
  issue: defineSearchAttributeKey('LamplighterIssue', SearchAttributeType.INT),
  frozen: defineSearchAttributeKey('LamplighterFrozen', SearchAttributeType.BOOL),
};

export async function issueRun(input: RunInput): Promise<{ readonly outcome: string; readonly reason: string }> {
  const inbox = openInbox();
  const context: WorkContext = {
    input,
    look: () => {
      inbox.poked = true;
    },
    sessionMs: 0,
  };
  let state: RunState = input.resume?.state ?? FRESH;
  let seq = input.resume?.seq ?? 0;
  const passed = new Set<RunState['stage']>();

  await show(input, state, passed);
  // A rebuilt run may owe the effects of its last transition; each is idempotent.
  if (input.resume !== undefined) await settle(input, seq, input.resume.effects);

  for (;;) {
    const due = workOf(state, input.bounds);
    if (due === null) break;
    const { events, act } = await perform(context, due, inbox);
    for (const event of events) {
      const moved = next(state, event, input.bounds, Date.now());
      if (moved.state === state && moved.effects.length === 0) continue;
      seq += 1;
      state = moved.state;
      const plan: { plan?: TriagePlan } = event.kind === 'accepted' ? { plan: event.plan } : {};
      await control(`Record stage ${state.stage}`).recordTransition({
        runId: input.runId,
        seq,
        state,
        effects: moved.effects,
        cause: event.kind,
        ...plan,
      });
      await show(input, state, passed);
      await settle(input, seq, moved.effects);
    }
    if (act !== null) await control('Mark the act as taken').finishAct({ act });
  }

  await tellLane(input);
  return state.stage === 'ended'
    ? { outcome: state.outcome, reason: state.reason }
    : { outcome: 'unknown', reason: '' };
}

interface Inbox {
  poked: boolean;
  readonly signals: { readonly id: string; readonly signal: OutsideSignal }[];
}

function openInbox(): Inbox {
  // True at first: an act may have been written before this workflow could be signalled.
  const inbox: Inbox = { poked: true, signals: [] };
  setHandler(poke, () => {
    inbox.poked = true;
  });
  setHandler(escalate, (note) => {
    inbox.signals.push({ id: uuid4(), signal: { kind: 'escalate', note: note ?? '' } });
    inbox.poked = true;
  });
  setHandler(unfreeze, (given) => {
    inbox.signals.push({
      id: uuid4(),
      signal: { kind: 'unfreeze', way: given?.way ?? '', note: given?.note ?? '' },
    });
    inbox.poked = true;
  });
  return inbox;
}

interface Performed {
  readonly events: readonly RunEvent[];
  /** The act that ended the work, to be marked as taken once its event has been applied. */
  readonly act: string | null;
}

/** Performs one piece of work while listening for acts. An act stops the work first; what the work had finished by then counts before it. */
async function perform(context: WorkContext, due: Work, inbox: Inbox): Promise<Performed> {
  const scope = new CancellationScope();
  let finished: RunEvent | 'stopped' | null = null;
  const working = scope
    .run(() => doWork(context, due))
    .then(
      (event) => {
        finished = event;
      },
      (error: unknown) => {
        // Only what can't heal gets here: the rest is retried by the activity's policy. A person is called, with the reason.
        finished = isCancellation(error) ? 'stopped' : { kind: 'failed', reason: rootMessage(error) };
      },
    );
  const result = (): RunEvent[] => (finished === null || finished === 'stopped' ? [] : [finished]);

  for (;;) {
    await Promise.race([working, condition(() => inbox.poked)]);
    if (!inbox.poked) return { events: result(), act: null };
    inbox.poked = false;
    const taken = await takeAct(context.input, inbox);
    if (taken !== null) {
      scope.cancel();
      await working;
      // More acts may wait behind this one.
      inbox.poked = true;
      return { events: [...result(), taken.event], act: taken.act };
    }
    if (finished !== null) return { events: result(), act: null };
  }
}

/** Temporal wraps what an activity or child threw; the innermost message is the one that says something. */
function rootMessage(error: unknown): string {
  if (!(error instanceof TemporalFailure)) throw error;
  let inner: Error = error;
  while (inner.cause instanceof Error) inner = inner.cause;
  return inner.message.slice(0, 500);
}

async function takeAct(input: RunInput, inbox: Inbox): ReturnType<ControlActivities['takeAct']> {
  for (let sent = inbox.signals.shift(); sent !== undefined; sent = inbox.signals.shift()) {
    await control(`Record the signal ${sent.signal.kind}`).recordSignal({
      runId: input.runId,
      id: sent.id,
      signal: sent.signal,
    });
  }
  return control('Read what people asked for').takeAct({ runId: input.runId });
}

async function settle(input: RunInput, seq: number, effects: readonly RunEffect[]): Promise<void> {
  for (const [index, effect] of effects.entries()) {
    await control(effectInWords(effect)).performRunEffect({ runId: input.runId, seq, index });
  }
  await control('Update the phase comment').publishPhases({ runId: input.runId });
}

async function show(input: RunInput, state: RunState, passed: Set<RunState['stage']>): Promise<void> {
  passed.add(state.stage);
  setCurrentDetails(runDetails(input, state, passed));
  upsertSearchAttributes([
    { key: attributes.repo, value: input.repoName },
    { key: attributes.stage, value: state.stage === 'ended' ? state.outcome : state.stage },
    { key: attributes.issue, value: input.issue },
    { key: attributes.frozen, value: state.stage === 'frozen' },
  ]);
}

async function tellLane(input: RunInput): Promise<void> {
  try {
    await getExternalWorkflowHandle(laneWorkflowId(input.repoKey)).signal(runEnded, input.runId);
  } catch (error) {
    // The lane reads the run's row as well; a lane that is gone has nothing to be told.
    log.info('the lane could not be told that the run ended', { runId: input.runId, error: String(error) });
  }
}
