/** What people do to issues through the API, and what of them it shows. */
import { mkdirSync } from 'node:fs';
import type { Issue } from '../../../domain/issue.ts';
import type { IssueDesk } from '../port.ts';
import { holdingFolder } from './folder-lock.ts';
import { renderIssue } from './issue-edit.ts';
import { escapeText, parseIssueFile, type FileComment } from './issue-file.ts';
import type { IssueFolder } from './issue-folder.ts';
import { issueOf, type LocalTrackerDeps } from './issue-of.ts';
import { newEvent, relabel } from './relabel.ts';
import { changeState } from './writes.ts';

export interface LocalDesk extends IssueDesk {
  read(number: number): Promise<Issue | null>;
  removeLabel(number: number, label: string, by: string): Promise<Issue>;
  close(number: number): Promise<void>;
  reopen(number: number): Promise<void>;
  comments(number: number): Promise<readonly FileComment[]>;
}

export function createLocalDesk(deps: LocalTrackerDeps, folder: IssueFolder): LocalDesk {
  const { dir, now } = deps;

  function found(number: number): Issue {
    const loaded = folder.load(number);
    if (loaded === null) throw new Error(`there is no issue ${number} in ${dir}: it was removed`);
    return issueOf(deps, loaded);
  }

  return {
    list: async () => folder.scan().files.map((loaded) => issueOf(deps, loaded)),
    unreadable: async () => folder.scan().broken,
    async read(number) {
      const loaded = folder.load(number);
      return loaded === null ? null : issueOf(deps, loaded);
    },
    comments: async (number) => folder.load(number)?.file.comments ?? [],

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
      return found(added);
    },

    async applyLabel(number, label, by) {
      relabel(folder, { number, add: [label], remove: [], by, at: now(), again: true });
      return found(number);
    },

    async removeLabel(number, label, by) {
      relabel(folder, { number, add: [], remove: [label], by, at: now() });
      return found(number);
    },

    async reopen(number) {
      changeState(folder, number, 'open');
    },

    async close(number) {
      changeState(folder, number, 'closed');
    },
  };
}

function slug(title: string): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return words.slice(0, 50).replace(/-+$/, '') || 'issue';
}
