/** What a run writes on its issue, and the calls for a person that it raises. */
import type { Config } from '../../config/types.ts';
import type { RunEffect } from '../../domain/stage.ts';
import type { RunRow, Store } from '../../store/port.ts';
import { holdWhileKilled } from '../pace/kill-switch.ts';
import type { PerformEffect } from '../effects/perform.ts';
import { storedRun } from '../run/stored-run.ts';
import type { RepoTracker } from '../tracker/issue-reader.ts';
import { publishPhases } from './publish.ts';
import { addComment, callPerson, changeLabels, closeIssue } from './run-effects.ts';
import { runSubject } from '../../domain/unit.ts';

export interface ReportDeps {
  readonly config: Pick<Config, 'dataDir' | 'api'>;
  readonly store: Store;
  /** Of an enrolled repo. */
  readonly trackerOf: (repoKey: string) => RepoTracker;
  readonly perform: PerformEffect;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Each is idempotent. Throws a benign, retryable failure while the kill switch holds it. */
export interface Report {
  /** One of those that the run's newest transition owes. */
  performRunEffect(owed: { readonly runId: string; readonly seq: number; readonly index: number }): Promise<void>;
  publishPhases(of: { readonly runId: string }): Promise<void>;
}

export function createReport(deps: ReportDeps): Report {
  const { store, config, trackerOf } = deps;
  const shared = { ...deps, publicUrl: config.api.publicUrl };

  return {
    async performRunEffect({ runId, seq, index }) {
      const run = await storedRun(store.runs, runId);
      // A later transition is recorded only after the effects of the earlier ones: this attempt came too late.
      if (run.seq > seq) return;
      const effect = run.effects[index];
      if (run.seq < seq || effect === undefined) {
        throw new Error(
          `run ${runId} owes no effect ${index} of transition ${seq}: its row stands at ${run.seq} with ${run.effects.length}`,
        );
      }
      await performEffect(shared, run, effect, `${runId}/${seq}/${index}`);
    },

    async publishPhases({ runId }) {
      await holdWhileKilled(store.control, config.dataDir);
      const run = await storedRun(store.runs, runId);
      await publishPhases(shared, run, trackerOf(run.repo));
    },
  };
}

type Shared = ReportDeps & { readonly publicUrl: string };

async function performEffect(deps: Shared, run: RunRow, effect: RunEffect, id: string): Promise<void> {
  const held = (): Promise<void> => holdWhileKilled(deps.store.control, deps.config.dataDir);
  switch (effect.do) {
    // These two hold nothing up and nobody back: they go through also while the kill switch is on.
    case 'release-slot':
      return deps.store.capacity.release(runSubject(run.id));
    case 'escalate':
      return callPerson(deps, { run, effect, id });
    case 'label':
      await held();
      return changeLabels(deps, { run, effect, id, tracker: deps.trackerOf(run.repo) });
    case 'comment':
      await held();
      return addComment(deps, { run, effect, id, tracker: deps.trackerOf(run.repo) });
    case 'close': {
      await held();
      const tracker = deps.trackerOf(run.repo);
      // The receipt first: who is told that the issue closed finds it there.
      await publishPhases(deps, run, tracker);
      await held();
      return closeIssue(deps, { run, effect, id, tracker });
    }
  }
}
