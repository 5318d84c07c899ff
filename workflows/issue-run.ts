/**
 * A run's whole life. The rules are in domain/: this performs the work that a state is due, listens to people meanwhile, and feeds
 * what comes back to `next`. Acts belong to the boundaries between two pieces of work, and a poke only hastens: each transition says
 * whether acts wait, and each piece of work ends by itself where one wants the run elsewhere.
 */
import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { TemporalFailure } from '@temporalio/common';
import type { RunInput } from '../domain/run.ts';
import { afterRound, standstill, type Rounds } from '../domain/standstill.ts';
import type { RunEvent } from '../domain/stage.ts';
import type { Work } from '../domain/work.ts';
import { control } from './calls.ts';
import { openInbox, takeAct, type Inbox, type TakenAct } from './inbox.ts';
import { RunLife } from './run-life.ts';
import { doWork } from './run-work.ts';
import { headOf } from '../domain/text.ts';

export async function issueRun(input: RunInput): Promise<{ readonly outcome: string; readonly reason: string }> {
  const inbox = openInbox();
  const life = new RunLife(input);
  life.show();
  if (input.resume !== undefined) {
    await life.settle(input.resume.effects);
    // People may have acted meanwhile.
    inbox.poked = true;
  }
  let rounds: Rounds = { seq: life.seq, idle: 0 };
  for (;;) {
    // What people asked for is a reason to come round again, whether or not it moved the run.
    if (await takeActs(life, inbox)) rounds = { seq: life.seq, idle: 0 };
    const due = life.due();
    if (due === null) break;
    await workAndListen(life, due, inbox);
    rounds = afterRound(rounds, life.seq);
    const stuck = standstill(rounds, due.do);
    if (stuck !== null) await life.apply(stuck);
  }
  const { state } = life;
  return state.stage === 'ended'
    ? { outcome: state.outcome, reason: state.reason }
    : { outcome: 'unknown', reason: '' };
}

/** Between two pieces of work: everything that people asked for is taken before another one begins. */
async function takeActs(life: RunLife, inbox: Inbox): Promise<boolean> {
  let any = false;
  while (inbox.poked) {
    inbox.poked = false;
    const act = await takeAct(life.input, inbox);
    if (act === null) continue;
    any = true;
    await take(life, act, inbox);
  }
  return any;
}

async function take(life: RunLife, { act, event }: TakenAct, inbox: Inbox): Promise<void> {
  const { moved, acts } = await life.apply(event, act);
  if (!moved) await control('Mark the act as taken').finishAct({ act });
  // Where no transition was recorded, nobody has looked for others behind it.
  inbox.poked ||= acts || !moved;
}

/**
 * One piece of work, until it is done or an act has ended it. An act that leaves the same work due is applied beside it; a
 * pause waits for the session's own boundary; any other stops the work first, and what that had finished counts before it.
 */
async function workAndListen(life: RunLife, due: Work, inbox: Inbox): Promise<void> {
  const job = begin(life, due);
  while (!job.isOver()) {
    await Promise.race([job.over, condition(() => inbox.poked)]);
    if (!inbox.poked || job.isOver()) break;
    inbox.poked = false;
    const act = await takeAct(life.input, inbox);
    if (act === null) continue;
    if (!job.isOver() && life.leavesWork(act.event)) {
      await take(life, act, inbox);
      continue;
    }
    const isPatient = act.event.kind === 'pause' && due.do === 'session';
    // The session ends at its own boundary; a more urgent act may still come before.
    if (isPatient) await Promise.race([job.over, condition(() => inbox.poked)]);
    // It is read again, and taken when nothing is at work.
    inbox.poked = true;
    if (!isPatient) break;
  }
  await finish(life, job, inbox);
}

interface Job {
  /** Settles when the work is done or has been stopped; never fails. */
  readonly over: Promise<void>;
  isOver(): boolean;
  stop(): void;
  readonly result: () => { readonly event: RunEvent | null; readonly sessionMs: number };
}

function begin(life: RunLife, due: Work): Job {
  const scope = new CancellationScope();
  const { input, state } = life;
  const context = { input, sessionMs: state.progress.sessionMs, admission: life.takeAdmission() };
  let isOver = false;
  let event: RunEvent | null = null;
  const over = scope
    .run(() => doWork(context, due))
    .then(
      (came) => {
        event = came.kind === 'called-away' ? null : came;
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

async function finish(life: RunLife, job: Job, inbox: Inbox): Promise<void> {
  // Stops what an act wants to be stopped, and what raced with the work and lost: it must not go on behind it.
  job.stop();
  await job.over;
  const { event, sessionMs } = job.result();
  // What was admitted beside the work was so then, not now.
  life.takeAdmission();
  life.spend(sessionMs);
  const { acts } = event === null ? { acts: true } : await life.apply(event);
  inbox.poked ||= acts;
}

/** Temporal wraps what an activity or child threw; the innermost message is the one that says something. */
function rootMessage(error: unknown): string {
  if (!(error instanceof TemporalFailure)) throw error;
  let inner: Error = error;
  while (inner.cause instanceof Error) inner = inner.cause;
  return headOf(inner.message, 500);
}
