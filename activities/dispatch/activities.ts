/** What decides which issue gets its lane: polling, and the opening of runs. */
import type { Config, RepoConfig } from '../../config/types.ts';
import type { Store } from '../../store/port.ts';
import type { ControlActivities } from '../../workflows/ports.ts';
import type { LanePort } from '../run/control.ts';
import { heartbeating } from '../pace/heartbeat.ts';
import type { IssueReader } from '../tracker/issue-reader.ts';
import { openRun } from './open-run.ts';
import { keepPolling } from './keep-polling.ts';
import { pollRepos } from './poll.ts';

export interface DispatchDeps {
  readonly config: Pick<
    Config,
    'repos' | 'allow' | 'bounds' | 'caps' | 'dataDir' | 'api' | 'executor' | 'heartbeatSeconds' | 'pollSeconds'
  >;
  readonly store: Store;
  /** Of an enrolled repo. */
  readonly issuesOf: (repoKey: string) => IssueReader;
  readonly lanes: Pick<LanePort, 'pokeLane'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly stopping: AbortSignal;
}

export type DispatchActivities = Pick<ControlActivities, 'pollRepos' | 'keepPolling' | 'openRun'>;

export function createDispatchActivities(deps: DispatchDeps): DispatchActivities {
  const { config, issuesOf } = deps;
  // The configuration first: at run time it is the whole one, and has a `store` of its own.
  const shared = { ...config, ...deps, publicUrl: config.api.publicUrl };

  return {
    pollRepos: () => pollRepos(shared),

    keepPolling: () => heartbeating((beat) => keepPolling(shared, beat)),

    openRun: ({ repoKey }) => openRun(shared, repoOf(config.repos, repoKey), issuesOf(repoKey)),
  };
}

function repoOf(repos: readonly RepoConfig[], key: string): RepoConfig {
  const repo = repos.find((one) => one.key === key);
  if (repo === undefined)
    throw new Error(`repo ${key} is not in the configuration any more: enrol it again, or cancel its runs`);
  return repo;
}
