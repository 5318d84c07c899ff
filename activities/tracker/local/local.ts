/**
 * Issues as Markdown files in a folder: readable, diffable, useful offline. Several processes and a person's editor may
 * write at once: every change reads the file anew under the folder's lock and replaces it by a rename (kill -9 safe;
 * an editor that saves an older copy over it wins, as editors do).
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Actor, Issue } from '../../../domain/issue.ts';
import { holdingFolder } from './folder-lock.ts';
import { appendComment, renderIssue, replaceComment, setLabels, setState } from './issue-edit.ts';
import { createIssueFolder, type IssueFolder, type LoadedFile } from './issue-folder.ts';
import { escapeText, parseIssueFile, type FileComment, type FileEvent, type IssueFile } from './issue-file.ts';
import { changedLabels, type LabelChange } from '../label-change.ts';
import { markedText, ownComment } from '../own-comments.ts';
import type { Tracker } from '../port.ts';

export interface LocalTrackerDeps {
  readonly dir: string;
  /** Login → permission; a name that is not listed has none. */
  readonly people: Readonly<Record<string, 'admin' | 'write' | 'read'>>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface NewLocalIssue {
  readonly title: string;
  readonly body: string;
  readonly labels: readonly string[];
  readonly by: string;
}

/** The port, and what people do to issues through the API. */
export interface LocalTracker extends Tracker {
  /** Every readable issue, by number. */
  list(): Promise<Issue[]>;
  /** What is wrong with the files that can't be read, as `file:line:column: what`. */
  unreadable(): Promise<readonly string[]>;
  add(issue: NewLocalIssue): Promise<Issue>;
  /** A new application with an id of its own, also when the label is there already. */
  applyLabel(number: number, label: string, by: string): Promise<Issue>;
  removeLabel(number: number, label: string, by: string): Promise<Issue>;
  reopen(number: number): Promise<void>;
  comments(number: number): Promise<readonly FileComment[]>;
}

/** What we write is ours; as a bot it is never trusted to release anything. */
export const OURSELVES = 'lamplighter[bot]';

export function createLocalTracker(deps: LocalTrackerDeps): LocalTracker {
  const folder = createIssueFolder(deps.dir);
  return { ...createWrites(deps, folder), ...createReads(deps, folder), ...createPeoplesActs(deps, folder) };
}

type Reads = Pick<LocalTracker, 'list' | 'unreadable' | 'listLabelled' | 'read' | 'findComment' | 'comments'>;
type Writes = Pick<LocalTracker, 'changeLabels' | 'addComment' | 'editComment' | 'close'>;
type PeoplesActs = Pick<LocalTracker, 'add' | 'applyLabel' | 'removeLabel' | 'reopen'>;

function createReads(deps: LocalTrackerDeps, folder: IssueFolder): Reads {
  const list = (): Issue[] => folder.scan().files.map((loaded) => toIssue(deps, loaded));
  return {
    list: async () => list(),
    unreadable: async () => folder.scan().broken,
    listLabelled: async (label) => list().filter((issue) => issue.state === 'open' && issue.labels.includes(label)),
    async read(number) {
      const loaded = folder.load(number);
      return loaded === null ? null : toIssue(deps, loaded);
    },
    async findComment(number, marker) {
      return ownComment(folder.load(number)?.file.comments ?? [], marker, OURSELVES);
    },
    comments: async (number) => folder.load(number)?.file.comments ?? [],
  };
}

/** What the tracker port writes, in our own name. */
function createWrites({ now }: LocalTrackerDeps, folder: IssueFolder): Writes {
  return {
    async changeLabels(number, { add, remove }) {
      relabel(folder, { number, add, remove, by: OURSELVES, at: now() });
    },

    async addComment(number, marker, body) {
      const file = folder.change(number, (before) => {
        // Looked for again under the lock: two attempts at once leave one comment.
        if (ownComment(before.comments, marker, OURSELVES) !== null) return null;
        const [id, at] = [nextId(before.comments), new Date(now()).toISOString()];
        return appendComment(before, { id, by: OURSELVES, at, text: markedText(marker, body) });
      });
      const added = ownComment(file.comments, marker, OURSELVES);
      if (added === null) {
        throw new Error(
          `the comment added to issue ${number} is not found by its marker ${marker}: it must be one line`,
        );
      }
      return added;
    },

    async editComment(number, id, marker, body) {
      folder.change(number, (file) => {
        const comment = file.comments.find((one) => one.id === id);
        if (comment === undefined) throw new Error(`issue ${number} has no comment ${id}: it was removed by hand`);
        const text = markedText(marker, body);
        return comment.text === text ? null : replaceComment(file, comment, text);
      });
    },

    async close(number) {
      folder.change(number, (file) => (file.meta.state === 'closed' ? null : setState(file, 'closed')));
    },
  };
}

function createPeoplesActs(deps: LocalTrackerDeps, folder: IssueFolder): PeoplesActs {
  const { dir, now } = deps;

  function issueOf(number: number): Issue {
    const loaded = folder.load(number);
    if (loaded === null) throw new Error(`there is no issue ${number} in ${dir}: it was removed`);
    return toIssue(deps, loaded);
  }

  return {
    async add({ title, body, labels, by }) {
      mkdirSync(dir, { recursive: true });
      const added = holdingFolder(dir, () => {
        const number = Math.max(0, ...folder.names().map((one) => one.number)) + 1;
        const unique = [...new Set(labels)];
        const events = unique.map((label) => newEvent({ number, label, action: 'added', by, at: now() }));
        const text = renderIssue({ number, title, author: by, labels: unique, events, body: escapeText(body) });
        const name = `${String(number).padStart(4, '0')}-${slug(title)}.md`;
        const parsed = parseIssueFile(text, name);
        if (!parsed.ok) throw new Error(`the issue was not added: ${parsed.errors.join('; ')}`);
        folder.write(name, text);
        return number;
      });
      return issueOf(added);
    },

    async applyLabel(number, label, by) {
      relabel(folder, { number, add: [label], remove: [], by, at: now(), again: true });
      return issueOf(number);
    },

    async removeLabel(number, label, by) {
      relabel(folder, { number, add: [], remove: [label], by, at: now() });
      return issueOf(number);
    },

    async reopen(number) {
      folder.change(number, (file) => (file.meta.state === 'open' ? null : setState(file, 'open')));
    },
  };
}

interface Relabelling extends LabelChange {
  readonly number: number;
  readonly by: string;
  readonly at: number;
  /** A label that is there already is applied once more, as a new event. */
  readonly again?: boolean;
}

function relabel(folder: IssueFolder, { number, add, remove, by, at, again = false }: Relabelling): void {
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

function newEvent({ number, at, ...event }: Omit<FileEvent, 'id' | 'at'> & { number: number; at: number }): FileEvent {
  return { id: `${number}-${randomBytes(6).toString('hex')}`, ...event, at: new Date(at).toISOString() };
}

function toIssue({ dir, people }: LocalTrackerDeps, { name, file }: LoadedFile): Issue {
  const { number, title, state, events, blockedBy } = file.meta;
  return {
    number,
    title,
    body: file.body,
    state,
    labels: labelsOf(file),
    labelEvents: (events ?? []).map((one) => ({ ...one, by: actorOf(people, one.by), at: Date.parse(one.at) })),
    blockedBy: blockedBy ?? [],
    url: pathToFileURL(join(dir, name)).href,
  };
}

function actorOf(people: LocalTrackerDeps['people'], login: string | null | undefined): Actor | null {
  if (login === null || login === undefined) return null;
  const permission = Object.hasOwn(people, login) ? (people[login] ?? 'none') : 'none';
  return { login, kind: login.endsWith('[bot]') ? 'bot' : 'user', permission };
}

function nextId(comments: readonly FileComment[]): string {
  return `c${Math.max(0, ...comments.map((one) => Number(/^c(\d+)$/.exec(one.id)?.[1] ?? 0))) + 1}`;
}

function labelsOf(file: IssueFile): string[] {
  if (file.meta.labels !== null && file.meta.labels !== undefined) return [...new Set(file.meta.labels)];
  const held = new Set<string>();
  for (const { label, action } of file.meta.events ?? []) {
    if (action === 'added') held.add(label);
    else held.delete(label);
  }
  return [...held];
}

function slug(title: string): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return words.slice(0, 50).replace(/-+$/, '') || 'issue';
}
