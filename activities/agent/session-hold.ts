/**
 * A session that a cap, a person or the kill switch holds waits between two attempts of one activity. That time is no session time, and
 * needs no slot: it is kept as a fact of the run, and taken off where the bound is judged, because the workflow's own count includes it.
 */
import { Context } from '@temporalio/activity';
import type { Store } from '../../store/port.ts';
import { notYet } from '../run/waiting.ts';

export interface HoldDeps {
  readonly store: Pick<Store, 'control' | 'capacity' | 'events'>;
  readonly now: () => number;
}

interface Held {
  /** Over the run's life, up to `since`. */
  readonly ms: number;
  /** Of the newest attempt, when it was held. */
  readonly since: number | null;
  /** The activity that was held. */
  readonly of: string;
}

/** This attempt ends here, and the next one finds out for how long it was held. Who watches the run is told once. */
export async function markHeld(deps: HoldDeps, runId: string, why: string): Promise<void> {
  const { ms, of } = await read(deps, runId);
  if (of !== ownActivity()) {
    const at = deps.now();
    await deps.store.events.append({ at, subject: `run/${runId}`, kind: 'run.held', data: { why } });
  }
  await write(deps, runId, { ms, since: deps.now(), of: ownActivity() });
}

/** Before anything else in an attempt: counts the hold that it comes out of, and takes the slot again. Answers with all time held. */
export async function comeOutOfHold(deps: HoldDeps, runId: string, slots: number): Promise<number> {
  const held = await read(deps, runId);
  if (held.since === null) return held.ms;
  // An activity that was cancelled while it was held has left its mark behind; nobody knows when that hold ended.
  if (held.of !== ownActivity()) return held.ms;
  const ms = held.ms + Math.max(0, deps.now() - held.since);
  const { granted, ahead } = await deps.store.capacity.acquire('run', runId, slots, deps.now());
  await write(deps, runId, { ms, since: granted ? null : deps.now(), of: ownActivity() });
  if (!granted) throw notYet(`the hold is over, and ${ahead} are ahead in the line for ${slots} slots`);
  return ms;
}

/** Session time without holds. A count that is shorter than what was held has begun anew since, as that of a rebuilt run does. */
export function withoutHolds(elapsedMs: number, heldMs: number): number {
  return elapsedMs < heldMs ? elapsedMs : elapsedMs - heldMs;
}

function ownActivity(): string {
  const { workflowExecution, activityId } = Context.current().info;
  return `${workflowExecution?.runId ?? 'none'}/${activityId}`;
}

async function read({ store }: HoldDeps, runId: string): Promise<Held> {
  const fact = await store.control.fact(factOf(runId));
  return fact === null ? { ms: 0, since: null, of: '' } : (fact as Held);
}

function write({ store, now }: HoldDeps, runId: string, held: Held): Promise<void> {
  return store.control.setFact(factOf(runId), held, now());
}

function factOf(runId: string): string {
  return `held/${runId}`;
}
