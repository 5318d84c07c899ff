/** One tracker an enrolled repo, by its configured kind; and the same as the api's issue books. */
import type { IssueBook } from '../api/issue-book.ts';
import { createLocalTracker, type LocalTracker } from '../activities/tracker/local/local.ts';
import type { Config } from '../config/types.ts';

export type TrackerOf = (repoKey: string) => LocalTracker;

export function trackersOf(config: Pick<Config, 'repos'>, now: () => number): TrackerOf {
  const trackers = new Map(config.repos.map((repo) => [repo.key, createLocalTracker({ ...repo.tracker, now })]));
  return (repoKey) => {
    const tracker = trackers.get(repoKey);
    if (tracker === undefined)
      throw new Error(`repo ${repoKey} is not in the configuration: enrol it again, or cancel its runs`);
    return tracker;
  };
}

export function issueBooksOf(config: Pick<Config, 'repos'>, now: () => number): (repoKey: string) => IssueBook | null {
  const trackerOf = trackersOf(config, now);
  return (repoKey) => (config.repos.some((repo) => repo.key === repoKey) ? trackerOf(repoKey) : null);
}
