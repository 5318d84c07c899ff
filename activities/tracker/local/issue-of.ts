/** From an issue's file to what the rest of Lamplighter knows of an issue. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Actor, Issue, LabelEvent } from '../../../domain/issue.ts';
import type { ListedIssue } from '../port.ts';
import type { LoadedFile } from './issue-folder.ts';
import type { IssueFile } from './issue-file.ts';

export interface LocalTrackerDeps {
  readonly dir: string;
  /** Login → permission; a name that is not listed has none. */
  readonly people: Readonly<Record<string, 'admin' | 'write' | 'read'>>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export function issueOf(deps: LocalTrackerDeps, loaded: LoadedFile): Issue {
  return {
    ...listedIssue(deps, loaded),
    labelEvents: labelEventsOf(deps, loaded.file),
    blockedBy: loaded.file.meta.blockedBy ?? [],
  };
}

export function listedIssue({ dir }: Pick<LocalTrackerDeps, 'dir'>, { name, file }: LoadedFile): ListedIssue {
  const { number, title, state } = file.meta;
  const url = pathToFileURL(join(dir, name)).href;
  return { number, title, body: file.body, state, labels: labelsOf(file), url };
}

export function labelEventsOf({ people }: Pick<LocalTrackerDeps, 'people'>, { meta }: IssueFile): LabelEvent[] {
  return (meta.events ?? []).map((one) => ({ ...one, by: actorOf(people, one.by), at: Date.parse(one.at) }));
}

export function labelsOf(file: IssueFile): string[] {
  if (file.meta.labels !== null && file.meta.labels !== undefined) return [...new Set(file.meta.labels)];
  const held = new Set<string>();
  for (const { label, action } of file.meta.events ?? []) {
    if (action === 'added') held.add(label);
    else held.delete(label);
  }
  return [...held];
}

function actorOf(people: LocalTrackerDeps['people'], login: string | null | undefined): Actor | null {
  if (login === null || login === undefined) return null;
  const permission = Object.hasOwn(people, login) ? (people[login] ?? 'none') : 'none';
  return { login, kind: login.endsWith('[bot]') ? 'bot' : 'user', permission };
}
