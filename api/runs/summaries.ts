/** Runs as lists show them: where a state names a person's act, with the words that the person wrote; where one does not get on, with why. */
import { readTrouble } from '../../activities/run/read-trouble.ts';
import { namesAct, withNotes } from '../../domain/act.ts';
import { troubleInWords } from '../../domain/trouble.ts';
import type { RunRow, Store } from '../../store/port.ts';
import { summaryOf } from './run-summary.ts';
import type { RunSummary } from '../views/view.ts';

export async function summariesOf(
  store: Pick<Store, 'acts' | 'control'>,
  runs: readonly RunRow[],
  now: number,
): Promise<RunSummary[]> {
  return Promise.all(runs.map((run) => summarise(store, run, now)));
}

async function summarise(store: Pick<Store, 'acts' | 'control'>, run: RunRow, now: number): Promise<RunSummary> {
  const summary = summaryOf(run, now);
  const told = namesAct(summary.reason) ? withNotes(summary.reason, await store.acts.list(run.id)) : summary.reason;
  if (run.endedAt !== null) return { ...summary, reason: told };
  const trouble = troubleInWords(await readTrouble(store.control, run.id), run.updatedAt);
  return { ...summary, reason: told ?? trouble, trouble };
}
