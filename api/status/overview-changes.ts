/** What an open list of runs shows, and what events have changed in it. */
import { runSubject } from '../../domain/unit.ts';
import type { EventRow } from '../../store/port.ts';
import type { ApiDeps } from '../http/deps.ts';
import { viewStanding, viewStatus } from './operations.ts';
import { summariesOf } from '../runs/summaries.ts';
import type { Overview } from '../views/view.ts';
import { overviewChanged, type OverviewChange } from '../views/change.ts';

const LISTED = 200;
const RUN = runSubject('');

export async function viewOverview(deps: ApiDeps): Promise<Overview> {
  const [rows, status] = await Promise.all([deps.store.runs.list({ limit: LISTED }), viewStatus(deps)]);
  return { ...status, runs: await summariesOf(deps, rows) };
}

/** Of runs, what lists show of them; what is said and shown of turns changes no list. */
const OF_RUNS = ['run.created', 'run.stage', 'run.held', 'run.trouble', 'act.added'];
const OF_STATUS = [
  'run.created',
  'run.stage',
  'run.held',
  'queue.changed',
  'kill-switch',
  'cap.raised',
  'escalation.raised',
  'escalation.settled',
];

/** One page of events at a time: a run, and the status, go with the last event that has to do with them. What changes nothing is left out. */
export function changesOfOverview(deps: ApiDeps): (page: readonly EventRow[]) => Promise<(object | null)[]> {
  return async (page) => {
    const lastOfStatus = page.findLast((row) => OF_STATUS.includes(row.kind));
    const lastOfRun = new Map(page.filter((row) => OF_RUNS.includes(row.kind)).map((row) => [row.subject, row]));
    return Promise.all(
      page.map(async (row) => {
        const change: OverviewChange = {
          ...(lastOfRun.get(row.subject) === row ? await runPart(deps, row) : {}),
          ...(row === lastOfStatus ? { status: await viewStanding(deps) } : {}),
        };
        return Object.keys(change).length === 0 ? null : overviewChanged.parse({ ...row, change });
      }),
    );
  };
}

async function runPart(deps: ApiDeps, { subject }: EventRow): Promise<OverviewChange> {
  const row = subject.startsWith(RUN) ? await deps.store.runs.get(subject.slice(RUN.length)) : null;
  if (row === null) return {};
  const [run] = await summariesOf(deps, [row]);
  return run === undefined ? {} : { run };
}
