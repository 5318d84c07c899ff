/** Runs as lists show them: where a state names a person's act, with the words that the person wrote. */
import { namesAct, withNotes } from '../domain/act.ts';
import type { RunRow, Store } from '../store/port.ts';
import { summaryOf, type RunSummary } from './view.ts';

export async function summariesOf(
  store: Pick<Store, 'acts'>,
  runs: readonly RunRow[],
  now: number,
): Promise<RunSummary[]> {
  return Promise.all(
    runs.map(async (run) => {
      const summary = summaryOf(run, now);
      if (!namesAct(summary.reason)) return summary;
      return { ...summary, reason: withNotes(summary.reason, await store.acts.list(run.id)) };
    }),
  );
}
