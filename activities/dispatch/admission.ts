/**
 * What a piece of work needs before it begins: that nobody wants the run elsewhere, that the kill switch is off, a slot, and that people
 * still want the issue. Asked with the transition that makes the work due; where it is held, it is waited for apart.
 */
import type { Pool } from '../../domain/pool.ts';
import { runSubject } from '../../domain/unit.ts';
import { needsOf, workOf } from '../../domain/work.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { Admission } from '../../workflows/ports.ts';
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

/** Of the work that is due in the run's row. */
export type Admit = (run: RunRow) => Promise<Admission>;

export function createAdmission({ store, issuesOf, pool, dataDir, now }: AdmissionDeps): Admit {
  return async function admit(run) {
    const due = workOf(run.state, run.bounds);
    const needs = due === null ? null : needsOf(due);
    if (needs === null) return { kind: 'admitted' };
    // Before the kill switch: a person's word is taken while it holds everything else.
    if (await hasActs(store, run.id)) return CALLED_AWAY;
    if (needs.issue && (await isKilled(store.control, dataDir))) return { kind: 'held', by: 'the kill switch is on' };
    if (needs.slot) {
      const slots = await pool();
      const { granted, ahead } = await store.capacity.acquire(runSubject(run.id), slots, now());
      if (!granted) return { kind: 'held', by: `${ahead} ahead in the line for ${slots.slots} slots` };
    }
    // Last, as who waits for a slot asks for that again and again, and a tracker counts its questions.
    return needs.issue ? checkRelease(run, await issuesOf(run.repo).read(run.issue)) : { kind: 'admitted' };
  };
}
