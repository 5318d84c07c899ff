/**
 * The one place where a repo's issues run, one at a time (invariant 1). The lane holds at most one run; it starts it as
 * a child that outlives the lane, and learns its end by signal or, if that is lost, by polling the run's row. A run
 * that vanished goes on holding the lane: `awaitRunEnd` calls a person for it.
 */
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  continueAsNew,
  isCancellation,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { runWorkflowId, type RunInput } from '../domain/run.ts';
import { issueRun } from './issue-run.ts';
import { control, waiting } from './calls.ts';
import { poke, runEnded } from './messages.ts';
import { SHAPE_MEMO } from '../domain/shape.ts';
import { headOf } from '../domain/text.ts';

export interface LaneInput {
  readonly repoKey: string;
  readonly holder: RunInput | null;
}

const RUNS_PER_EXECUTION = 25;

export async function repoLane(input: LaneInput): Promise<void> {
  let poked = true;
  const ended = new Set<string>();
  setHandler(poke, () => {
    poked = true;
  });
  setHandler(runEnded, (runId) => {
    ended.add(runId);
  });

  let holder = input.holder;
  for (let runs = 0; ;) {
    if (holder === null) {
      if (!poked) return;
      poked = false;
      setCurrentDetails('Asking the queue for the next release');
      holder = await control('Open the run of the next release').openRun({ repoKey: input.repoKey });
      if (holder === null) continue;
    }
    setCurrentDetails(`Held by run \`${holder.runId}\` (issue #${holder.issue}: ${holder.title})`);
    await start(holder);
    await untilEnded(holder.runId, ended);
    holder = null;
    poked = true;
    runs += 1;
    if (runs >= RUNS_PER_EXECUTION || workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof repoLane>({ repoKey: input.repoKey, holder: null });
    }
  }
}

async function start(run: RunInput): Promise<void> {
  try {
    await startChild(issueRun, {
      args: [run],
      workflowId: runWorkflowId(run.runId),
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      memo: SHAPE_MEMO,
      staticSummary: headOf(`#${run.issue} ${run.title}`, 190),
      staticDetails: `${run.repoName}#${run.issue}, run \`${run.runId}\``,
    });
  } catch (error) {
    // The lane was rebuilt, or a recovered run is on its way: its row says when it ends.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

async function untilEnded(runId: string, ended: ReadonlySet<string>): Promise<void> {
  const polling = new CancellationScope();
  const row = polling.run(() => control('Wait for the run to end', waiting(10_000)).awaitRunEnd({ runId }));
  // The race below reports a failure; this only keeps the cancelled loser from being an unhandled rejection.
  row.catch((error: unknown) => {
    if (!isCancellation(error)) log.warn('waiting for the run to end failed', { runId });
  });
  await Promise.race([row, condition(() => ended.has(runId))]);
  polling.cancel();
}
