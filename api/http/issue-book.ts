import type { IssueReader } from '../../activities/tracker/issue-reader.ts';
import type { IssueDesk } from '../../activities/tracker/port.ts';
import type { Issue } from '../../domain/issue.ts';

/** A repo's issues as the API shows and adds them. `add` and `applyLabel` may be absent: then people write on the forge itself. */
export interface IssueBook
  extends Pick<IssueReader, 'read' | 'blockers'>, Partial<Pick<IssueDesk, 'add' | 'applyLabel'>> {
  list(): Promise<readonly Issue[]>;
  /** What of the tracker can't be read, in words for a person. */
  unreadable(): Promise<readonly string[]>;
}
