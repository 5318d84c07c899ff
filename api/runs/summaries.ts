/** Runs as lists show them: where a state names a person's act, with the words that the person wrote; where one does not get on, with why. */
import { readTrouble } from '../../activities/run/read-trouble.ts';
import { namesAct, withNotes } from '../../domain/act.ts';
import { troubleInWords } from '../../domain/trouble.ts';
import { waitsForHost } from '../../domain/checkout.ts';
import type { RunRow } from '../../store/port.ts';
import type { ApiDeps } from '../http/deps.ts';
import { summaryOf } from './run-summary.ts';
import type { RunSummary } from '../views/view.ts';

type SummaryDeps = Pick<ApiDeps, 'store' | 'config' | 'now'>;

export async function summariesOf(deps: SummaryDeps, runs: readonly RunRow[]): Promise<RunSummary[]> {
  return Promise.all(runs.map((run) => summarise(deps, run)));
}

async function summarise({ store, config, now }: SummaryDeps, run: RunRow): Promise<RunSummary> {
  const summary = summaryOf(run, now());
  const told = namesAct(summary.reason) ? withNotes(summary.reason, await store.acts.list(run.id)) : summary.reason;
  if (run.endedAt !== null) return { ...summary, reason: told };
  const waits = waitsForHost(await store.checkouts.get(run.repo), config.watchdog.limits.unseenMs, now());
  const trouble = waits ?? troubleInWords(await readTrouble(store.control, run.id), run.updatedAt);
  return { ...summary, reason: told ?? trouble, trouble };
}
