/** What the watchdog asks of Temporal: which open runs have lost their workflow, and whose workflow task fails again and again. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { LookAtTemporal } from '../activities/watchdog/look.ts';
import { laneWorkflowId, runWorkflowId, sessionWorkflowId } from '../domain/run.ts';
import type { StuckWorkflow } from '../domain/watchdog/seen.ts';

/** The first may be lost with a worker, the second be its cache's; a task that fails for good gets there in seconds. */
const STUCK_ATTEMPTS = 4;
const DEADLINE_MS = 10_000;

/** `unseenMs`: after how long it would be missed; several looks must have come back in that. */
export function createTemporalLook(client: Client, unseenMs: number): LookAtTemporal {
  const deadlineMs = Math.min(DEADLINE_MS, unseenMs / 3);
  return async (runs) => {
    try {
      return await client.withDeadline(Date.now() + deadlineMs, () => lookAtAll(client, runs));
    } catch (error) {
      return { ok: false, reason: error instanceof Error ? error.message : String(error) };
    }
  };
}

async function lookAtAll(client: Client, runs: Parameters<LookAtTemporal>[0]): ReturnType<LookAtTemporal> {
  // Asked also when there is nothing to ask about: is it there?
  await client.workflowService.describeNamespace({ namespace: client.options.namespace });
  const stuck: StuckWorkflow[] = [];
  const gone: string[] = [];
  for (const { id, repo, openings } of runs) {
    const ids = [runWorkflowId(id), laneWorkflowId(repo), ...(openings === 0 ? [] : [sessionWorkflowId(id, openings)])];
    for (const workflow of ids) {
      const found = await describe(client, workflow);
      if (workflow === runWorkflowId(id) && !found.open) gone.push(id);
      if (found.open && found.attempt >= STUCK_ATTEMPTS)
        stuck.push({ workflow, repo, run: workflow === laneWorkflowId(repo) ? null : id, attempt: found.attempt });
    }
  }
  return { ok: true, stuck, gone };
}

type Described = { readonly open: false } | { readonly open: true; readonly attempt: number };

async function describe(client: Client, workflow: string): Promise<Described> {
  try {
    const { status, raw } = await client.workflow.getHandle(workflow).describe();
    if (status.name !== 'RUNNING' && status.name !== 'PAUSED') return { open: false };
    return { open: true, attempt: raw.pendingWorkflowTask?.attempt ?? 0 };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { open: false };
    throw error;
  }
}
