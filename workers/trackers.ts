/** Which adapter serves each kind of tracker, and the one of each enrolled repo. A new kind is a line of `KINDS`. */
import { createIssueReader, type RepoTracker } from '../activities/tracker/issue-reader.ts';
import { createLocalTracker } from '../activities/tracker/local/local.ts';
import type { Tracker } from '../activities/tracker/port.ts';
import type { AroundPort } from '../activities/effects/port-crash-points.ts';
import type { IssueBook } from '../api/http/issue-book.ts';
import type { Config, TrackerConfig } from '../config/types.ts';

type Kinds = {
  readonly [Kind in TrackerConfig['kind']]: (
    settings: Extract<TrackerConfig, { kind: Kind }>,
    now: () => number,
  ) => Tracker;
};

const KINDS: Kinds = {
  local: (settings, now) => createLocalTracker({ ...settings, now }),
};

export type TrackerOf = (repoKey: string) => RepoTracker;

export function trackersOf(config: Pick<Config, 'repos'>, around: AroundPort, now: () => number): TrackerOf {
  const trackers = new Map(
    config.repos.map(({ key, tracker }) => {
      const { reads, writes } = openTracker(tracker, now);
      const issues = createIssueReader(around('tracker', reads));
      return [key, { issues, writes: around('tracker', writes) }];
    }),
  );
  return (repoKey) => {
    const tracker = trackers.get(repoKey);
    if (tracker === undefined)
      throw new Error(`repo ${repoKey} is not in the configuration: enrol it again, or cancel its runs`);
    return tracker;
  };
}

/** For the api: a tracker without a desk shows what is ready, and has its own pages for the rest. */
export function issueBooksOf(config: Pick<Config, 'repos'>, now: () => number): (repoKey: string) => IssueBook | null {
  const books = new Map(config.repos.map(({ key, tracker }) => [key, bookOf(openTracker(tracker, now))]));
  return (repoKey) => books.get(repoKey) ?? null;
}

function bookOf({ reads, desk }: Tracker): IssueBook {
  const issues = createIssueReader(reads);
  return {
    list: async () => (await issues.ready()).issues,
    unreadable: async () => (await issues.ready()).unreadable,
    ...desk,
    read: (number) => issues.read(number),
    blockers: (issue) => issues.blockers(issue),
  };
}

function openTracker<Kind extends TrackerConfig['kind']>(
  settings: Extract<TrackerConfig, { kind: Kind }>,
  now: () => number,
): Tracker {
  return KINDS[settings.kind](settings, now);
}
