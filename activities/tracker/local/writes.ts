/** What Lamplighter writes into the files, in its own name. */
import type { TrackerWrites } from '../port.ts';
import { markedText, ownComment } from '../own-comments.ts';
import { appendComment, replaceComment, setState } from './issue-edit.ts';
import type { FileComment } from './issue-file.ts';
import type { IssueFolder } from './issue-folder.ts';
import type { LocalTrackerDeps } from './issue-of.ts';
import { relabel } from './relabel.ts';

/** What we write is ours; as a bot it is never trusted to release anything. */
export const OURSELVES = 'lamplighter[bot]';

export function createLocalWrites({ now }: Pick<LocalTrackerDeps, 'now'>, folder: IssueFolder): TrackerWrites {
  return {
    async changeLabels(number, { add, remove }) {
      relabel(folder, { number, add, remove, by: OURSELVES, at: now() });
    },

    async findComment(number, marker) {
      return ownComment(folder.load(number)?.file.comments ?? [], marker, OURSELVES);
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
      changeState(folder, number, 'closed');
    },
  };
}

export function changeState(folder: IssueFolder, number: number, state: 'open' | 'closed'): void {
  folder.change(number, (file) => (file.meta.state === state ? null : setState(file, state)));
}

function nextId(comments: readonly FileComment[]): string {
  return `c${Math.max(0, ...comments.map((one) => Number(/^c(\d+)$/.exec(one.id)?.[1] ?? 0))) + 1}`;
}
