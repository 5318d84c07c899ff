/** The reading port over a folder. A cursor is a digest of what the file system says of the files: nothing is parsed that has not changed. */
import { LABELS } from '../../../domain/issue.ts';
import type { Blocker, Cursor, Reading, TrackerReads } from '../port.ts';
import { standingOf } from './folder-standing.ts';
import type { IssueFolder } from './issue-folder.ts';
import { labelEventsOf, labelsOf, listedIssue, type LocalTrackerDeps } from './issue-of.ts';

export function createLocalReads(deps: Pick<LocalTrackerDeps, 'dir' | 'people'>, folder: IssueFolder): TrackerReads {
  /** `names`: the files that the answer depends on. */
  function reading<T>(names: readonly string[], since: Cursor | null, read: () => T): Reading<T> {
    // Before the files are read: a change in between is seen at the next reading.
    const cursor = standingOf(deps.dir, names);
    if (cursor !== null && cursor === since) return { kind: 'unchanged', left: null };
    return { kind: 'read', value: read(), cursor, left: null };
  }

  const all = (): string[] => folder.names().map(({ name }) => name);
  const of = (number: number): string[] =>
    folder
      .names()
      .filter((one) => one.number === number)
      .map(({ name }) => name);

  function stateOf(number: number): Blocker['state'] {
    try {
      return folder.load(number)?.file.meta.state ?? 'unknown';
    } catch {
      return 'unknown';
    }
  }

  return {
    readyIssues: async (since) =>
      reading(all(), since, () => {
        const { files, broken } = folder.scan();
        const ready = files.filter(({ file }) => file.meta.state === 'open' && labelsOf(file).includes(LABELS.ready));
        return { issues: ready.map((loaded) => listedIssue(deps, loaded)), unreadable: broken };
      }),

    issue: async (number, since) =>
      reading(of(number), since, () => {
        const loaded = folder.load(number);
        return loaded === null ? null : listedIssue(deps, loaded);
      }),

    labelEvents: async (number, since) =>
      reading(of(number), since, () => {
        const loaded = folder.load(number);
        return loaded === null ? [] : labelEventsOf(deps, loaded.file);
      }),

    // Without a cursor: it depends on files that only the file itself names.
    blockers: async (number) => {
      const blockedBy = folder.load(number)?.file.meta.blockedBy ?? [];
      const value = blockedBy.map((one) => ({ number: one, state: stateOf(one) }));
      return { kind: 'read', value, cursor: null, left: null };
    },
  };
}
