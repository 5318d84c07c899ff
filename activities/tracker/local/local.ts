/**
 * Issues as Markdown files in a folder: readable, diffable, useful offline. Several processes and a person's editor may
 * write at once: every change reads the file anew under the folder's lock and replaces it by a rename (kill -9 safe;
 * an editor that saves an older copy over it wins, as editors do).
 */
import type { Tracker } from '../port.ts';
import { createLocalDesk, type LocalDesk } from './desk.ts';
import { createIssueFolder } from './issue-folder.ts';
import type { LocalTrackerDeps } from './issue-of.ts';
import { createLocalReads } from './reads.ts';
import { createLocalWrites } from './writes.ts';

export interface LocalTracker extends Tracker {
  readonly desk: LocalDesk;
}

export function createLocalTracker(deps: LocalTrackerDeps): LocalTracker {
  const folder = createIssueFolder(deps.dir);
  return {
    reads: createLocalReads(deps, folder),
    writes: createLocalWrites(deps, folder),
    desk: createLocalDesk(deps, folder),
  };
}
