/**
 * What a piece of work needs before it begins: that nobody wants the run elsewhere, that the kill switch is off, a slot, and that people
 * still want the issue. Asked with the transition that makes the work due; where it is held, it is waited for apart.
 */
import type { Pool } from '../../domain/pool.ts';
import { runSubject } from '../../domain/unit.ts';
import { needsOf, workOf } from '../../domain/work.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { Admission } from '../../workflows/ports.ts';
import { inTime } from '../effects/in-time.ts';
import { CALLED_AWAY, hasActs } from '../run/minding.ts';
import type { IssueReader } from '../tracker/issue-reader.ts';
import { checkRelease } from './check-issue.ts';
import { isKilled } from '../pace/kill-switch.ts';

export interface AdmissionDeps {
  readonly store: Pick<Store, 'runs' | 'acts' | 'control' | 'capacity'>;
  readonly issuesOf: (repoKey: string) => Pick<IssueReader, 'read'>;
  readonly pool: () => Promise<Pool>;
  readonly dataDir: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Of the work that is due in the run's row. `readMs`: how long the tracker may take; after that it is an outage. */
export type Admit = (run: RunRow, readMs: number) => Promise<Admission>;

/** With a move, which hears nobody meanwhile. */
export const READ_IN_A_MOVE_MS = 5_000;
/** Apart: less than the activity may take, so that it is told as what it is. */
export const READ_APART_MS = 12_000;

export function createAdmission({ store, issuesOf, pool, dataDir, now }: AdmissionDeps): Admit {
  return async function admit(run, readMs) {
    const due = workOf(run.state, run.bounds);
    const needs = due === null ? null : needsOf(due);
    if (needs === null) return { kind: 'admitted' };
    // Before the kill switch: a person's word is taken while it holds everything else.
    if (await hasActs(store, run.id)) return CALLED_AWAY;
    if (needs.issue && (await isKilled(store.control, dataDir))) return { kind: 'held', by: 'the kill switch is on' };
    const had = !needs.slot || (await holdsSlot(run));
    if (needs.slot) {
      const slots = await pool();
      const { granted, ahead } = await store.capacity.acquire(runSubject(run.id), slots, now());
      if (!granted) return { kind: 'held', by: `${ahead} ahead in the line for ${slots.slots} slots` };
    }
    // Last, as who waits for a slot asks for that again and again, and a tracker counts its questions.
    if (!needs.issue) return { kind: 'admitted' };
    try {
      const reading = issuesOf(run.repo).read(run.issue);
      return checkRelease(run, await inTime(reading, readMs, `the tracker has not answered after ${readMs / 1000} s`));
    } catch (error) {
      if (!had) await giveBack(run);
      throw error;
    }
  };

  async function holdsSlot({ id }: RunRow): Promise<boolean> {
    return (await store.capacity.held()).some(({ unit }) => unit === runSubject(id));
  }

  /** Who cannot begin keeps nobody else from it. Where the run has moved meanwhile, what it holds belongs to what is due now. */
  async function giveBack({ id, seq }: RunRow): Promise<void> {
    if ((await store.runs.get(id))?.seq === seq) await store.capacity.release(runSubject(id));
  }
}
