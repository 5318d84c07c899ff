/**
 * What is open in an older shape, before any worker of this one polls: each execution is ended and rebuilt from the store, as `recover`
 * does it. Nothing of it is new when it is done again: rebuilt executions say their shape and are left alone, and the store says the new
 * shape last. So a death on the way costs nothing, and of two workers that start at once neither undoes the other.
 */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { CrashPoint } from '../activities/effects/crash-point.ts';
import { CannotRun } from '../config/errors.ts';
import { laneWorkflowId, runOfWorkflow, runWorkflowId } from '../domain/run.ts';
import { SHAPE, shapeIn } from '../domain/shape.ts';
import type { Store } from '../store/port.ts';
import type { Rebuilt } from './engine.ts';
import { patiently } from './temporal.ts';

export interface UpgradeDeps {
  readonly store: Pick<Store, 'control' | 'runs' | 'queue'>;
  readonly client: Pick<Client, 'workflow'>;
  readonly recover: () => Promise<Rebuilt>;
  readonly crash: CrashPoint;
  readonly say: (line: string) => void;
  readonly now: () => number;
}

const SHAPE_FACT = 'shape';
const OPEN_OF_OURS =
  'ExecutionStatus = "Running" AND WorkflowType IN ("issueRun", "agentSession", "repoLane", "issuePoller")';
const REASON = `open in an older shape than ${SHAPE}: rebuilt from the store`;

export async function bringToShape(deps: UpgradeDeps): Promise<void> {
  const { store, say, now } = deps;
  const shape = shapeIn(await store.control.fact(SHAPE_FACT));
  if (shape > SHAPE)
    throw new CannotRun(
      `the runs in this store were brought to shape ${shape} by a newer Lamplighter, and this one knows shapes up to ${SHAPE}: start the newer one again`,
    );
  if (shape === SHAPE) return;
  const ended = await patiently(() => endOlder(deps));
  const { runs } = await deps.recover();
  // Before the shape is written: after a death there is nothing left to tell of.
  if (ended + runs.length > 0)
    say(`upgraded from shape ${shape} to ${SHAPE}: ${ended} open executions were ended, ${runs.length} runs rebuilt`);
  deps.crash('upgrade.rebuilt');
  await store.control.setFact(SHAPE_FACT, { shape: SHAPE }, now());
}

/** By their names as well: what is listed may lag behind what is open. */
async function endOlder({ store, client, crash }: UpgradeDeps): Promise<number> {
  let ended = 0;
  const end = async (workflowId: string, runId: string): Promise<void> => {
    if (!(await terminate(client, workflowId, runId))) return;
    ended += 1;
    crash('upgrade.ended');
  };
  for await (const { type, workflowId, runId, memo } of client.workflow.list({ query: OPEN_OF_OURS })) {
    if (shapeIn(memo) >= SHAPE) continue;
    // Open though its run has ended: it may be about to tell the issue, and only the store remembers that when it is gone.
    if (type === 'issueRun') await store.runs.owe(runOfWorkflow(workflowId));
    await end(workflowId, runId);
  }
  const runs = [...(await store.runs.list({ open: true })), ...(await store.runs.list({ owing: true }))];
  const lanes = new Set([...runs.map(({ repo }) => repo), ...(await store.queue.repos())]);
  for (const id of [...runs.map((run) => runWorkflowId(run.id)), ...[...lanes].map(laneWorkflowId)]) {
    const runId = await olderOf(client, id);
    if (runId !== null) await end(id, runId);
  }
  return ended;
}

/** The execution of that name, where it is open and older. */
async function olderOf(client: UpgradeDeps['client'], workflowId: string): Promise<string | null> {
  try {
    const { status, memo, runId } = await client.workflow.getHandle(workflowId).describe();
    const isOpen = status.name === 'RUNNING' || status.name === 'PAUSED';
    return isOpen && shapeIn(memo) < SHAPE ? runId : null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** That one, never one that has taken its name. False: it has ended by itself, or with its parent. */
async function terminate(client: UpgradeDeps['client'], workflowId: string, runId: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId, runId).terminate(REASON);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
