/** The tracker's part of the control activities: polling, granting, and what a run writes on its issue. */
import type { Config, RepoConfig } from '../../config/types.ts';
import type { RunEffect } from '../../domain/stage.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { ControlActivities } from '../../workflows/ports.ts';
import type { PerformEffect } from '../effects/perform.ts';
import { hasActs, CALLED_AWAY } from '../run/minding.ts';
import { notYet } from '../run/waiting.ts';
import { checkRelease } from './check-issue.ts';
import { grant } from './grant.ts';
import { isKilled } from './kill-switch.ts';
import { pollRepos } from './poll.ts';
import type { Tracker } from './port.ts';
import { publishPhases } from './publish.ts';
import { addComment, callPerson, changeLabels, closeIssue } from './run-effects.ts';
import { storedRun } from '../run/stored-run.ts';

export interface TrackerDeps {
  readonly config: Pick<Config, 'repos' | 'allow' | 'bounds' | 'caps' | 'dataDir' | 'api' | 'heartbeatSeconds'>;
  readonly store: Store;
  /** Of an enrolled repo. */
  readonly trackerOf: (repoKey: string) => Tracker;
  readonly perform: PerformEffect;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export type TrackerActivities = Pick<
  ControlActivities,
  'pollRepos' | 'grant' | 'performRunEffect' | 'publishPhases' | 'checkIssue'
>;

export function createTrackerActivities(deps: TrackerDeps): TrackerActivities {
  const { store, config, trackerOf } = deps;
  const publicUrl = config.api.publicUrl;
  // The configuration first: at run time it is the whole one, and has a `store` of its own.
  const shared = { ...config, ...deps, publicUrl };

  return {
    pollRepos: () => pollRepos(shared),

    grant: ({ repoKey }) => grant(shared, repoOf(config.repos, repoKey), trackerOf(repoKey)),

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
      await holdWhileKilled(shared);
      const run = await storedRun(store.runs, runId);
      await publishPhases(shared, run, trackerOf(run.repo));
    },

    async checkIssue({ runId }) {
      // Before the kill switch: a person's word is taken while it holds everything else.
      if (await hasActs(store, runId)) return CALLED_AWAY;
      await holdWhileKilled(shared);
      const run = await storedRun(store.runs, runId);
      return checkRelease(run, await trackerOf(run.repo).read(run.issue));
    },
  };
}

type Shared = TrackerDeps & { readonly dataDir: string; readonly publicUrl: string };

async function performEffect(deps: Shared, run: RunRow, effect: RunEffect, id: string): Promise<void> {
  switch (effect.do) {
    // These two hold nothing up and nobody back: they go through also while the kill switch is on.
    case 'release-slot':
      return deps.store.capacity.release('run', run.id);
    case 'escalate':
      return callPerson(deps, { run, effect, id });
    case 'label':
      await holdWhileKilled(deps);
      return changeLabels(deps, { run, effect, id, tracker: deps.trackerOf(run.repo) });
    case 'comment':
      await holdWhileKilled(deps);
      return addComment(deps, { run, effect, id, tracker: deps.trackerOf(run.repo) });
    case 'close': {
      await holdWhileKilled(deps);
      const tracker = deps.trackerOf(run.repo);
      // The receipt first: who is told that the issue closed finds it there.
      await publishPhases(deps, run, tracker);
      await holdWhileKilled(deps);
      return closeIssue(deps, { run, effect, id, tracker });
    }
  }
}

async function holdWhileKilled({ store, dataDir }: Shared): Promise<void> {
  if (await isKilled(store.control, dataDir)) throw notYet('the kill switch is on');
}

function repoOf(repos: readonly RepoConfig[], key: string): RepoConfig {
  const repo = repos.find((one) => one.key === key);
  if (repo === undefined)
    throw new Error(`repo ${key} is not in the configuration any more: enrol it again, or cancel its runs`);
  return repo;
}
