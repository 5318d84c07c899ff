/** What Lamplighter asks of a tracker, and apart from it what it writes there. An adapter of each kind implements both. */
import type { Issue, LabelEvent } from '../../domain/issue.ts';
import type { LabelChange } from './label-change.ts';

/** As a tracker's list shows it: who labelled it and what blocks it are questions of their own. */
export type ListedIssue = Omit<Issue, 'labelEvents' | 'blockedBy'>;

/** Where a reading stood: an ETag, a time, a digest. It means something to the tracker alone that gave it. */
export type Cursor = string;

/** What the tracker's limit lets us ask until it counts anew. */
export interface Allowance {
  readonly requests: number;
  /** Epoch milliseconds. */
  readonly renewsAt: number;
}

/** `left` is null where the tracker sets no limit; `cursor` where it can't say later that nothing has changed. */
export type Reading<T> =
  | {
      readonly kind: 'read';
      readonly value: T;
      readonly cursor: Cursor | null;
      readonly left: Allowance | null;
    }
  /** Only where a cursor was given: all is as it was at that reading. */
  | { readonly kind: 'unchanged'; readonly left: Allowance | null };

export interface ReadyIssues {
  /** Open issues that carry the ready label. */
  readonly issues: readonly ListedIssue[];
  /** What of the tracker can't be read, in words for a person. */
  readonly unreadable: readonly string[];
}

export interface Blocker {
  readonly number: number;
  readonly state: 'open' | 'closed' | 'unknown';
}

/** Each takes the cursor of the last reading of the same thing, or null to be told in full. */
export interface TrackerReads {
  readyIssues(since: Cursor | null): Promise<Reading<ReadyIssues>>;
  issue(number: number, since: Cursor | null): Promise<Reading<ListedIssue | null>>;
  /** Who labelled it: every application and removal, oldest first. */
  labelEvents(number: number, since: Cursor | null): Promise<Reading<readonly LabelEvent[]>>;
  /** Those that the tracker itself knows of; lines of the body are not its business. */
  blockers(number: number, since: Cursor | null): Promise<Reading<readonly Blocker[]>>;
}

export interface TrackerComment {
  readonly id: string;
  readonly body: string;
}

/** Each is idempotent by what it leaves behind: a label set, a comment found by its marker, a closed issue. */
export interface TrackerWrites {
  changeLabels(number: number, change: LabelChange): Promise<void>;
  /** `marker` is a hidden line of ours that finds the comment again after a crash. */
  findComment(number: number, marker: string): Promise<TrackerComment | null>;
  addComment(number: number, marker: string, body: string): Promise<TrackerComment>;
  editComment(number: number, id: string, marker: string, body: string): Promise<void>;
  close(number: number): Promise<void>;
}

export interface NewIssue {
  readonly title: string;
  readonly body: string;
  readonly labels: readonly string[];
  /** Login of whoever wrote it and applied its labels: the tracker's own list of people decides whether that is trusted. */
  readonly by: string;
}

/** Where people write issues through us, because the tracker has no pages of its own. */
export interface IssueDesk {
  /** Every readable issue, by number. */
  list(): Promise<readonly Issue[]>;
  /** What is wrong with what can't be read, in words for a person. */
  unreadable(): Promise<readonly string[]>;
  add(issue: NewIssue): Promise<Issue>;
  /** A new application with an id of its own, also when the label is there already: for the ready label, a new release. */
  applyLabel(number: number, label: string, by: string): Promise<Issue>;
}

export interface Tracker {
  readonly reads: TrackerReads;
  readonly writes: TrackerWrites;
  /** Null where issues are written in the tracker itself. */
  readonly desk: IssueDesk | null;
}
