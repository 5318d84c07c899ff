/**
 * A run's whole life. The rules are in domain/: this performs the work that a state is due, listens to people meanwhile, and feeds
 * what comes back to `next`.
 */
import { CancellationScope, condition, getExternalWorkflowHandle, isCancellation, log } from '@temporalio/workflow';
import { TemporalFailure } from '@temporalio/common';
import { laneWorkflowId, type RunInput } from '../domain/run.ts';
import { afterRound, standstill, type Rounds } from '../domain/standstill.ts';
import type { RunEvent } from '../domain/stage.ts';
import type { Work } from '../domain/work.ts';
import { control } from './calls.ts';
import { openInbox, takeAct, type Inbox, type TakenAct } from './inbox.ts';
import { runEnded } from './messages.ts';
import { RunLife } from './run-life.ts';
import { doWork } from './run-work.ts';
import { headOf } from '../domain/text.ts';

export async function issueRun(input: RunInput): Promise<{ readonly outcome: string; readonly reason: string }> {
  const inbox = openInbox();
  const life = new RunLife(input);
  life.show();
  // A rebuilt run may owe the effects of its last transition; each is idempotent.
  if (input.resume !== undefined) await life.settle(input.resume.effects);
  let rounds: Rounds = { seq: life.seq, idle: 0 };
  for (let due = life.due(); due !== null; due = life.due()) {
    await workAndListen(life, due, inbox);
    rounds = afterRound(rounds, life.seq);
    const stuck = standstill(rounds, due.do);
    if (stuck !== null) await life.apply(stuck);
  }
  await tellLane(input);
  const { state } = life;
  return state.stage === 'ended'
    ? { outcome: state.outcome, reason: state.reason }
    : { outcome: 'unknown', reason: '' };
}

/**
 * One piece of work, until it is done or an act has ended it. An act that leaves the same work due is applied beside it; a
 * pause waits for the session's own boundary; any other stops the work first, and what that had finished counts before it.
 */
async function workAndListen(life: RunLife, due: Work, inbox: Inbox): Promise<void> {
  const job = begin(life, due, inbox);
  for (;;) {
    await Promise.race([job.over, condition(() => inbox.poked)]);
    if (!inbox.poked) return finish(life, job);
    inbox.poked = false;
    const act = await takeAct(life.input, inbox);
    if (act === null) {
      if (job.isOver()) return finish(life, job);
      continue;
    }
    if (act.event.kind === 'pause' && due.do === 'session' && !job.isOver()) {
      // It is read again, when the session has come to its boundary; a more urgent act may still come before.
      await Promise.race([job.over, condition(() => inbox.poked)]);
      inbox.poked = true;
      continue;
    }
    if (!job.isOver() && life.leaves(due, act.event)) {
      await take(life, act);
      inbox.poked = true;
      continue;
    }
    job.stop();
    await finish(life, job);
    await take(life, act);
    // More acts may wait behind this one.
    inbox.poked = true;
    return;
  }
}

async function take(life: RunLife, { act, event }: TakenAct): Promise<void> {
  await life.apply(event);
  await control('Mark the act as taken').finishAct({ act });
}

interface Job {
  /** Settles when the work is done or has been stopped; never fails. */
  readonly over: Promise<void>;
  isOver(): boolean;
  stop(): void;
  readonly result: () => { readonly event: RunEvent | null; readonly sessionMs: number };
}

function begin(life: RunLife, due: Work, inbox: Inbox): Job {
  const scope = new CancellationScope();
  const context = {
    input: life.input,
    look: (): void => {
      inbox.poked = true;
    },
    sessionMs: life.state.progress.sessionMs,
  };
  let isOver = false;
  let event: RunEvent | null = null;
  const over = scope
    .run(() => doWork(context, due))
    .then(
      (came) => {
        event = came;
      },
      (error: unknown) => {
        // Only what can't heal gets here: the rest is retried by the activity's policy. A person is called, with the reason.
        if (!isCancellation(error)) event = { kind: 'failed', reason: rootMessage(error) };
      },
    )
    .then(() => {
      isOver = true;
    });
  return {
    over,
    isOver: () => isOver,
    stop: () => scope.cancel(),
    result: () => ({ event, sessionMs: context.sessionMs }),
  };
}

async function finish(life: RunLife, job: Job): Promise<void> {
  await job.over;
  // What raced with the work and lost must not go on behind it.
  job.stop();
  const { event, sessionMs } = job.result();
  life.spend(sessionMs);
  if (event !== null) await life.apply(event);
}

/** Temporal wraps what an activity or child threw; the innermost message is the one that says something. */
function rootMessage(error: unknown): string {
  if (!(error instanceof TemporalFailure)) throw error;
  let inner: Error = error;
  while (inner.cause instanceof Error) inner = inner.cause;
  return headOf(inner.message, 500);
}

async function tellLane(input: RunInput): Promise<void> {
  try {
    await getExternalWorkflowHandle(laneWorkflowId(input.repoKey)).signal(runEnded, input.runId);
  } catch (error) {
    // The lane reads the run's row as well; a lane that is gone has nothing to be told.
    log.info('the lane could not be told that the run ended', { runId: input.runId, error: String(error) });
  }
}
