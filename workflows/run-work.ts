/** One function a kind of work: calls the activities that do it and turns what they say into the event that moves the run. */
import {
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  sleep,
  startChild,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { runSubject } from '../domain/unit.ts';
import { sessionWorkflowId, type RunInput } from '../domain/run.ts';
import { SHAPE_MEMO } from '../domain/shape.ts';
import type { RunEvent } from '../domain/stage.ts';
import type { Work } from '../domain/work.ts';
import { agentSession, type SessionResult } from './agent-session.ts';
import { control, long, onHost, waiting } from './calls.ts';
import type { Admission, CalledAway, RepoActivities } from './ports.ts';

/** What the work of one run shares. */
export interface WorkContext {
  readonly input: RunInput;
  /** Milliseconds of session time over the run's life. */
  sessionMs: number;
  /** To this work, where it was said with the move that made it due. */
  readonly admission: Admission | null;
}

type Of<D extends Work['do']> = Extract<Work, { do: D }>;

/** After as many lost races as the bounds allow, the run lets the others finish first. */
const PATIENCE = '10 minutes';

const CALLED_AWAY: CalledAway = { kind: 'called-away' };

/** `called-away`: nothing came of it that moves the run, and what is due then is due after a look at the acts. */
export function doWork(context: WorkContext, due: Work): Promise<RunEvent | CalledAway> {
  switch (due.do) {
    case 'triage':
      return triage(context);
    case 'prepare':
      return prepare(context);
    case 'await-head-move':
      return awaitHeadMove(context, due);
    case 'session':
      return session(context, due);
    case 'verify':
      return verify(context, due);
    case 'await-approval':
      return awaitPerson(context, `Wait for a person's approval of ${short(due.head)}`);
    case 'push':
      return push(context, due);
    case 'merge':
      return merge(context, due);
    case 'watch':
      return watch(context, due);
    case 'judge-main':
      return judgeMain(context, due);
    case 'prove-head':
      return proveHead(context, due);
    case 'await-unfreeze':
      return awaitPerson(context, 'Frozen: wait for a person');
    case 'await-resume':
      return awaitPerson(context, 'Paused: wait for a person');
  }
}

function host({ input }: WorkContext, summary: string): ReturnType<typeof onHost> {
  return onHost(input.repoKey, summary, long(input.heartbeatSeconds));
}

type Admitted = Exclude<Admission, { kind: 'held' }>;

/** Held: waited for apart, without history, and people are heard meanwhile. */
async function admit({ input, admission }: WorkContext): Promise<Admitted> {
  return admission === null || admission.kind === 'held' ? untilAdmitted(input) : admission;
}

function untilAdmitted({ runId }: RunInput): Promise<Admitted> {
  const summary = 'Is the issue still released, and is there a free slot?';
  return control(summary, waiting(2_000)).admit({ runId });
}

async function triage(context: WorkContext): Promise<RunEvent | CalledAway> {
  const { runId, heartbeatSeconds } = context.input;
  const read = await readContract(context);
  if (read.kind === 'withdrawn') return { kind: 'not-eligible', reason: read.reason };
  if (read.kind !== 'read') return read;
  return control('Triage: turn the issue into a plan', long(heartbeatSeconds)).triage({ runId });
}

/** Admits the triage by itself: nothing has moved the run to it. */
async function readContract(
  context: WorkContext,
): Promise<Exclude<Awaited<ReturnType<RepoActivities['readContract']>>, { kind: 'held' }>> {
  for (;;) {
    const summary = 'Is the issue released? Read the contract on main';
    const read = await host(context, summary).readContract({ runId: context.input.runId });
    if (read.kind !== 'held') return read;
    const admission = await untilAdmitted(context.input);
    if (admission.kind !== 'admitted') return admission;
  }
}

async function prepare(context: WorkContext): Promise<RunEvent | CalledAway> {
  const admission = await admit(context);
  if (admission.kind !== 'admitted') return admission;
  return host(context, 'Prepare: fetch, worktree, prove the base').prepareRun({ runId: context.input.runId });
}

async function awaitHeadMove({ input }: WorkContext, due: Of<'await-head-move'>): Promise<RunEvent | CalledAway> {
  const summary = `Main is red at ${short(due.from)}: wait for it to move`;
  const moved = onHost(input.repoKey, summary, waiting(5_000))
    .awaitHeadMove({ runId: input.runId, from: due.from })
    .then((seen): RunEvent | CalledAway => (seen.kind === 'moved' ? { kind: 'head-moved' } : seen));
  if (due.until === null) return moved;
  const over = sleep(Math.max(1, due.until - Date.now()), { summary: 'The time for fixing forward' }).then(
    (): RunEvent => ({
      kind: 'overdue',
      reason: `main stayed red at ${due.from} until the time for fixing forward was over`,
    }),
  );
  // The scope that this runs in cancels the loser; its cancellation is nobody's failure.
  for (const one of [moved, over]) one.catch(() => undefined);
  return Promise.race([moved, over]);
}

async function session(context: WorkContext, due: Of<'session'>): Promise<RunEvent | CalledAway> {
  const { runId, repoKey, heartbeatSeconds, executor } = context.input;
  const admission = await admit(context);
  if (admission.kind !== 'admitted') return admission;
  const { opening, brief } = due;
  const begunAt = Date.now();
  const before = context.sessionMs;
  try {
    const child = await CancellationScope.nonCancellable(() =>
      startChild(agentSession, {
        args: [{ unit: runSubject(runId), repoKey, executor, opening, brief, heartbeatSeconds, spentMs: before }],
        workflowId: sessionWorkflowId(runId, opening),
        memo: SHAPE_MEMO,
        staticSummary: `Session ${opening}: ${brief.kind}`,
      }),
    );
    const { end, spentMs } = await resultOf(child);
    context.sessionMs = spentMs;
    return end.kind === 'failed' ? { kind: 'failed', reason: `the session failed: ${end.reason}` } : end;
  } catch (error) {
    // Stopped by an act: the time is spent all the same (invariant 7).
    if (isCancellation(error)) context.sessionMs = before + (Date.now() - begunAt);
    throw error;
  }
}

/**
 * Cancelled by its name. What the SDK cancels with a scope is the execution that was started, which a long session has left behind
 * by continuing as new: the one that works would never hear of it.
 */
async function resultOf(child: ChildWorkflowHandle<typeof agentSession>): Promise<SessionResult> {
  const result = CancellationScope.nonCancellable(() => child.result());
  const cancelled = CancellationScope.current().cancelRequested;
  try {
    return await Promise.race([result, cancelled]);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => cancelByName(child.workflowId));
    return await result;
  }
}

async function cancelByName(workflowId: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).cancel();
  } catch (error) {
    // It has ended by itself in the meantime, and its result says how.
    log.info('the session could not be cancelled', { workflowId, error: String(error) });
  }
}

function verify(context: WorkContext, due: Of<'verify'>): Promise<RunEvent | CalledAway> {
  return host(context, `Gates on ${short(due.head)}`).verifyRun({
    runId: context.input.runId,
    base: due.base,
    head: due.head,
  });
}

async function push(context: WorkContext, due: Of<'push'>): Promise<RunEvent | CalledAway> {
  const admission = await admit(context);
  if (admission.kind !== 'admitted') return admission;
  // A push in flight is never cut: its outcome is what the next act must be judged by.
  return CancellationScope.nonCancellable(() =>
    host(context, `Push ${short(due.head)}`).pushRun({ runId: context.input.runId, head: due.head }),
  );
}

async function merge(context: WorkContext, due: Of<'merge'>): Promise<RunEvent | CalledAway> {
  if (due.patient) await sleep(PATIENCE, { summary: 'Several lost races: let the others land first' });
  const summary = `Somebody landed first: merge ${short(due.main)}`;
  return host(context, summary).mergeRun({ runId: context.input.runId, head: due.head });
}

async function watch(context: WorkContext, due: Of<'watch'>): Promise<RunEvent | CalledAway> {
  const summary = `Watch ${short(due.sha)} through build, deploy and health`;
  const seen = await host(context, summary).watchDeploy({ runId: context.input.runId, sha: due.sha });
  return seen.kind === 'unwatchable' ? { kind: 'failed', reason: seen.reason } : seen;
}

async function judgeMain(context: WorkContext, due: Of<'judge-main'>): Promise<RunEvent | CalledAway> {
  const admission = await admit(context);
  if (admission.kind !== 'admitted') return admission;
  const summary = due.asked ? 'Look at main before another attempt' : `Whose is the red of ${short(due.sha)}?`;
  return host(context, summary).judgeMain({ runId: context.input.runId, sha: due.sha, asked: due.asked });
}

async function proveHead(context: WorkContext, due: Of<'prove-head'>): Promise<RunEvent | CalledAway> {
  const { sha, resolution } = due;
  const seen = await host(context, 'Prove the head of main').proveHead({
    runId: context.input.runId,
    sha,
    reverted: resolution.reverted,
  });
  switch (seen.kind) {
    case 'called-away':
      return seen;
    case 'proven':
      return { kind: 'head-proven', sha: seen.sha, proven: seen.proven };
    case 'not-proven':
      return { kind: 'head-not-proven', reason: seen.reason };
  }
}

/** Until somebody acts. What he asked for may leave the run where it is, and then it is waited for again. */
async function awaitPerson({ input }: WorkContext, summary: string): Promise<CalledAway> {
  await control(summary, waiting(5_000)).awaitAct({ runId: input.runId });
  return CALLED_AWAY;
}

function short(sha: string): string {
  return sha.slice(0, 10);
}
