import type { Issue } from '../../domain/issue.ts';
import type { LabelChange } from './label-change.ts';

export interface TrackerComment {
  readonly id: string;
  readonly body: string;
}

/** As narrow as its callers. Writes are idempotent by what they leave behind: a label set, a comment found by its marker, a closed issue. */
export interface Tracker {
  /** Open issues that carry the label, with their whole label history. */
  listLabelled(label: string): Promise<Issue[]>;
  read(number: number): Promise<Issue | null>;
  changeLabels(number: number, change: LabelChange): Promise<void>;
  /** `marker` is a hidden line of ours that finds the comment again after a crash. */
  findComment(number: number, marker: string): Promise<TrackerComment | null>;
  addComment(number: number, marker: string, body: string): Promise<TrackerComment>;
  editComment(number: number, id: string, marker: string, body: string): Promise<void>;
  close(number: number): Promise<void>;
  /** What of the tracker can't be read, in words for a person; absent where a tracker has no such thing. */
  unreadable?(): Promise<readonly string[]>;
}
