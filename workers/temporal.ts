/** Temporal as this product needs it: the namespace with its retention and search attributes, the poller's schedule, the client calls. */
import {
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  WorkflowNotFoundError,
  type Client,
  type Connection,
} from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { LanePort } from '../activities/run/control.ts';
import { laneWorkflowId, runWorkflowId, type RunInput } from '../domain/run.ts';
import type { PollerInput } from '../workflows/issue-poller.ts';
import { poke, runEnded } from '../workflows/messages.ts';
import { SHAPE_MEMO } from '../domain/shape.ts';
import { headOf } from '../domain/text.ts';

export const CONTROL_QUEUE = 'control';
export const POLLER_SCHEDULE = 'issue-poller';
const RETENTION_SECONDS = 30 * 24 * 60 * 60;
const ALREADY_EXISTS = 6;
/** Deadline exceeded, resource exhausted, failed precondition (a schedule of which the server has lost its grip for a moment), aborted, unavailable. */
const MAY_HEAL = [4, 8, 9, 10, 14];

/** Value types of the operator API: 2 is keyword, 3 is int, 5 is bool. */
const SEARCH_ATTRIBUTES = {
  LamplighterRepo: 2,
  LamplighterStage: 2,
  LamplighterIssue: 3,
  LamplighterFrozen: 5,
} as const;

/** Idempotent. The dev server's own namespaces keep closed runs for a day only, and an existing database ignores its attribute flags. */
export async function provideNamespace(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: RETENTION_SECONDS } as never,
    });
  } catch (error) {
    if (!hasCode(error, ALREADY_EXISTS)) throw error;
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: { seconds: RETENTION_SECONDS } as never },
    });
  }
  await untilListed(connection, namespace);
}

/** A new namespace is visible to the other services only after their caches have turned. */
async function untilListed(connection: Connection, namespace: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !(name in (customAttributes ?? {})));
      if (missing.length === 0) return;
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing),
      });
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function hasCode(error: unknown, code: number): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** Also in the place of the schedule that an older version left in this namespace. */
export function provideSchedule(
  client: Pick<Client, 'schedule'>,
  input: PollerInput,
  patienceMs?: number,
): Promise<void> {
  return patiently(() => writeSchedule(client, input), patienceMs);
}

/** A worker that comes back after a death finds a server that may be as much under strain as it was. */
export async function patiently<T>(ask: () => Promise<T>, patienceMs = 30_000): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline || !mayHeal(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The client wraps what the server said. */
function mayHeal(error: unknown): boolean {
  const said = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return MAY_HEAL.some((code) => hasCode(said, code));
}

/** The poller goes on for ever: this is how long one that has died is missed. */
const REVIVAL_MS = 30_000;
/** Of one shift of hours: one that hangs, because it does not replay, ends and makes room. */
const LONGEST_SHIFT = '1 day';

async function writeSchedule(client: Pick<Client, 'schedule'>, input: PollerInput): Promise<void> {
  const spec = { intervals: [{ every: REVIVAL_MS }] };
  const action = {
    type: 'startWorkflow',
    workflowType: 'issuePoller',
    taskQueue: CONTROL_QUEUE,
    workflowId: POLLER_SCHEDULE,
    workflowRunTimeout: LONGEST_SHIFT,
    staticSummary: 'Read the trackers',
    memo: SHAPE_MEMO,
    args: [input],
  } as const;
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' } as const;
  try {
    await client.schedule.create({ scheduleId: POLLER_SCHEDULE, spec, action, policies });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(POLLER_SCHEDULE).update((previous) => ({ ...previous, spec, action, policies }));
  }
}

/** What lanes and runs need of the client; also the api's engine builds on it. */
export interface TemporalCalls extends LanePort {
  pokeRun(runId: string): Promise<void>;
  pollNow(): Promise<void>;
  /** Starts a run from where its row stands, unless one is open. Says whether it started one. */
  startRun(input: RunInput): Promise<boolean>;
}

export function createTemporalCalls(client: Client): TemporalCalls {
  return {
    async pokeLane(repoKey) {
      await client.workflow.signalWithStart('repoLane', {
        workflowId: laneWorkflowId(repoKey),
        taskQueue: CONTROL_QUEUE,
        args: [{ repoKey, holder: null }],
        signal: poke,
        staticSummary: `Lane of ${repoKey}`,
        memo: SHAPE_MEMO,
      });
    },
    async tellEnded(repoKey, runId) {
      await client.workflow.getHandle(laneWorkflowId(repoKey)).signal(runEnded, runId);
    },
    async isOpen(runId) {
      try {
        const { status } = await client.workflow.getHandle(runWorkflowId(runId)).describe();
        return status.name === 'RUNNING' || status.name === 'PAUSED';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
    async pokeRun(runId) {
      await client.workflow.getHandle(runWorkflowId(runId)).signal(poke);
    },
    async pollNow() {
      const schedule = client.schedule.getHandle(POLLER_SCHEDULE);
      const { info } = await schedule.describe();
      for (const { workflow } of info.runningActions) {
        if (await signalled(client, workflow.workflowId)) return;
      }
      // A new one begins with a look.
      await schedule.trigger(ScheduleOverlapPolicy.SKIP);
    },
    async startRun(input) {
      if (await this.isOpen(input.runId)) return false;
      await client.workflow.start('issueRun', {
        workflowId: runWorkflowId(input.runId),
        taskQueue: CONTROL_QUEUE,
        args: [input],
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        staticSummary: headOf(`#${input.issue} ${input.title}`, 190),
        memo: SHAPE_MEMO,
      });
      return true;
    },
  };
}

/** False when it has ended. */
async function signalled(client: Client, workflowId: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId).signal(poke);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
