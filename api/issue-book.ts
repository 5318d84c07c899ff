import type { Issue } from '../domain/issue.ts';

export interface NewIssue {
  readonly title: string;
  readonly body: string;
  readonly labels: readonly string[];
  /** Login of whoever wrote it and applied its labels: the tracker's own list of people decides whether that is trusted. */
  readonly by: string;
}

/** A repo's issues as the API shows and adds them. `add` may be absent: then issues are written on the forge itself. */
export interface IssueBook {
  list(): Promise<readonly Issue[]>;
  read(number: number): Promise<Issue | null>;
  add?(issue: NewIssue): Promise<Issue>;
  /** A new application, also where the label is there already: for the ready label, a new release. Absent as `add` is. */
  applyLabel?(number: number, label: string, by: string): Promise<Issue>;
  /** What of the tracker can't be read, in words for a person. */
  unreadable?(): Promise<readonly string[]>;
}
