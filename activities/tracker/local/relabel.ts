/** Labels put on a file and taken off, each with an event that says who did it. */
import { randomBytes } from 'node:crypto';
import { changedLabels, type LabelChange } from '../label-change.ts';
import { setLabels } from './issue-edit.ts';
import type { FileEvent } from './issue-file.ts';
import type { IssueFolder } from './issue-folder.ts';
import { labelsOf } from './issue-of.ts';

interface Relabelling extends LabelChange {
  readonly number: number;
  readonly by: string;
  readonly at: number;
  /** A label that is there already is applied once more, as a new event. */
  readonly again?: boolean;
}

export function relabel(folder: IssueFolder, { number, add, remove, by, at, again = false }: Relabelling): void {
  folder.change(number, (file) => {
    const { added, removed, after } = changedLabels(labelsOf(file), { add, remove }, again);
    if (added.length === 0 && removed.length === 0) return null;
    const events = [
      ...removed.map((label) => newEvent({ number, label, action: 'removed', by, at })),
      ...added.map((label) => newEvent({ number, label, action: 'added', by, at })),
    ];
    return setLabels(file, after, events);
  });
}

export function newEvent({
  number,
  at,
  ...event
}: Omit<FileEvent, 'id' | 'at'> & { number: number; at: number }): FileEvent {
  return { id: `${number}-${randomBytes(6).toString('hex')}`, ...event, at: new Date(at).toISOString() };
}
