/**
 * A session that a cap, a person or the kill switch holds waits between two attempts of one activity. That time is no session time, and
 * needs no slot: it is kept as a fact of the unit, and taken off where the bound is judged, because the workflow's own count includes it.
 */
import { Context } from '@temporalio/activity';
import type { Pool } from '../../domain/pool.ts';
import type { Unit } from '../../domain/unit.ts';
import type { Store } from '../../store/port.ts';
import { notYet } from '../pace/waiting.ts';
import { readHeld, writeHeld } from './held-time.ts';

export interface HoldDeps {
  readonly store: Pick<Store, 'control' | 'capacity' | 'events'>;
  readonly now: () => number;
}

/** This attempt ends here, and the next one finds out for how long it was held. Who watches the unit is told once. */
export async function markHeld(deps: HoldDeps, unit: Unit, why: string): Promise<void> {
  const { ms, of } = await readHeld(deps.store.control, unit.id);
  if (of !== ownActivity()) {
    const at = deps.now();
    await deps.store.events.append({ at, subject: unit.subject, kind: 'run.held', data: { why } });
  }
  await writeHeld(deps.store.control, unit.id, { ms, since: deps.now(), of: ownActivity() }, deps.now());
}

/** Before anything else in an attempt: counts the hold that it comes out of, and takes the slot again. Answers with all time held. */
export async function comeOutOfHold(deps: HoldDeps, unit: Unit, poolNow: () => Promise<Pool>): Promise<number> {
  const held = await readHeld(deps.store.control, unit.id);
  if (held.since === null) return held.ms;
  // An activity that was cancelled while it was held has left its mark behind; nobody knows when that hold ended.
  if (held.of !== ownActivity()) return held.ms;
  const ms = held.ms + Math.max(0, deps.now() - held.since);
  const pool = await poolNow();
  const { granted, ahead } = await deps.store.capacity.acquire(unit.subject, pool, deps.now());
  const since = granted ? null : deps.now();
  await writeHeld(deps.store.control, unit.id, { ms, since, of: ownActivity() }, deps.now());
  if (!granted) throw notYet(`the hold is over, and ${ahead} are ahead in the line for ${pool.slots} slots`);
  return ms;
}

function ownActivity(): string {
  const { workflowExecution, activityId } = Context.current().info;
  return `${workflowExecution?.runId ?? 'none'}/${activityId}`;
}
