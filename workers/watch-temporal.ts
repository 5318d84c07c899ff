/** What the watchdog asks of Temporal: which open runs have lost their workflow, and whose workflow task fails again and again. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { LookAtTemporal } from '../activities/watchdog/observe.ts';
import { laneWorkflowId, runWorkflowId, sessionWorkflowId } from '../domain/run.ts';
import type { StuckWorkflow } from '../domain/watchdog/observation.ts';

/** The first may be lost with a worker, the second be its cache's; a task that fails for good gets there in seconds. */
const STUCK_ATTEMPTS = 4;
const DEADLINE_MS = 10_000;
/** Of one question; a server that is slow with one is asked the others all the same. */
const QUESTION_MS = 3_000;
const AT_ONCE = 16;
/** A deadline passes a little earlier by the connection's clock. */
const CLOCK_MS = 100;

type Described = { readonly open: false } | { readonly open: true; readonly attempt: number };

/** By workflow: what was last answered, and when it was last asked about. */
type Known = Map<string, { readonly said: Described; readonly at: number }>;

/**
 * `unseenMs`: after how long it would be missed; several looks must have come back in that. What a look has no time for keeps its last
 * answer and is asked first by the next one: many runs make it slow, never blind.
 */
export function createTemporalLook(client: Client, unseenMs: number): LookAtTemporal {
  const deadlineMs = Math.min(DEADLINE_MS, unseenMs / 3);
  let known: Known = new Map();
  return async (runs) => {
    const until = Date.now() + deadlineMs;
    try {
      // Asked also when there is nothing to ask about: is it there?
      await client.withDeadline(until, () =>
        client.workflowService.describeNamespace({ namespace: client.options.namespace }),
      );
      const ids = [...new Set(runs.flatMap(idsOf))];
      const answers = await askAll(client, ids, known, until);
      // Of workflows that nobody asks about any more nothing is kept.
      known = new Map([...known, ...answers].filter(([id]) => ids.includes(id)));
      if (ids.length > 0 && answers.size === 0)
        return { ok: false, reason: `none of ${ids.length} questions was answered` };
      const partial = answers.size < ids.length ? { partial: { asked: answers.size, of: ids.length } } : {};
      return { ok: true, ...judge(runs, known), ...partial };
    } catch (error) {
      return { ok: false, reason: error instanceof Error ? error.message : String(error) };
    }
  };
}

type Runs = Parameters<LookAtTemporal>[0];

function idsOf({ id, repo, openings }: Runs[number]): string[] {
  return [runWorkflowId(id), laneWorkflowId(repo), ...(openings === 0 ? [] : [sessionWorkflowId(id, openings)])];
}

/** A few at once, those that were asked longest ago first, for as long as there is time. */
async function askAll(client: Client, ids: readonly string[], known: Known, until: number): Promise<Known> {
  const line = ids.toSorted((one, other) => (known.get(one)?.at ?? 0) - (known.get(other)?.at ?? 0));
  const answers: Known = new Map();
  const ask = async (): Promise<void> => {
    for (let id = line.shift(); id !== undefined && Date.now() < until; id = line.shift()) {
      const said = await describe(client, id, Math.min(until, Date.now() + QUESTION_MS));
      if (said !== null) answers.set(id, { said, at: Date.now() });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return answers;
}

function judge(runs: Runs, known: Known): { readonly stuck: StuckWorkflow[]; readonly gone: string[] } {
  const stuck: StuckWorkflow[] = [];
  const gone: string[] = [];
  for (const run of runs) {
    for (const workflow of idsOf(run)) {
      const found = known.get(workflow)?.said;
      if (workflow === runWorkflowId(run.id) && found?.open === false) gone.push(run.id);
      if (found?.open === true && found.attempt >= STUCK_ATTEMPTS) {
        const { repo, id } = run;
        stuck.push({ workflow, repo, run: workflow === laneWorkflowId(repo) ? null : id, attempt: found.attempt });
      }
    }
  }
  return { stuck, gone };
}

/** Null where there was no answer in time. */
async function describe(client: Client, workflow: string, until: number): Promise<Described | null> {
  try {
    const { status, raw } = await client.withDeadline(until, () => client.workflow.getHandle(workflow).describe());
    if (status.name !== 'RUNNING' && status.name !== 'PAUSED') return { open: false };
    return { open: true, attempt: raw.pendingWorkflowTask?.attempt ?? 0 };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { open: false };
    if (Date.now() >= until - CLOCK_MS) return null;
    throw error;
  }
}
