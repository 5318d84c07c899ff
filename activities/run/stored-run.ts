import type { RunRow, Runs } from '../../store/port.ts';

/** The row of a run that an activity was asked about: while the run is open it is there. */
export async function storedRun(runs: Pick<Runs, 'get'>, runId: string): Promise<RunRow> {
  const run = await runs.get(runId);
  if (run === null) throw new Error(`run ${runId} is not in the store: its row was removed while it was open`);
  return run;
}
