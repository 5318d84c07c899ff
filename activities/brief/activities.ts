/** Triage: the one model call of a run before it has a session. */
import type { Issue } from '../../domain/issue.ts';
import type { RunRow } from '../../store/port.ts';
import type { ControlActivities } from '../../workflows/ports.ts';
import type { ModelCallDeps } from '../agent/model-call.ts';
import { markHeld } from '../agent/session-hold.ts';
import { minding } from '../run/minding.ts';
import { storedRun } from '../run/stored-run.ts';
import { notYet } from '../pace/waiting.ts';
import { unitOfRun } from './run-work.ts';
import { triageRun } from './triage.ts';

export interface TriageActivityDeps extends ModelCallDeps {
  readonly issueOf: (run: RunRow) => Promise<Issue>;
  readonly isKilled: () => Promise<boolean>;
}

export function createTriageActivities(deps: TriageActivityDeps): Pick<ControlActivities, 'triage'> {
  return {
    triage: ({ runId }) =>
      minding(deps, runId, async ({ signal }) => {
        const run = await storedRun(deps.store.runs, runId);
        if (await deps.isKilled()) {
          const why = 'held by the kill switch';
          await markHeld(deps, unitOfRun(run), why);
          throw notYet(`run ${runId} is ${why}`);
        }
        return triageRun(deps, run, signal);
      }),
  };
}
