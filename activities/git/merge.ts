/** Merges without a work tree: nothing is checked out, so nothing of the repo's can run. */
import { pathInWords } from '../../domain/gates/path-name.ts';
import { describeEnd } from '../exec/exec.ts';
import type { Clones } from './clones.ts';
import type { RepoGit } from './port.ts';
import { fieldsOf, nameOf } from './raw-changes.ts';
import { requireSha } from './trusted.ts';

const WALL_MS = 5 * 60_000;

export function createMerge(deps: { readonly clones: Clones; readonly now: () => number }): Pick<RepoGit, 'merge'> {
  const { clean } = deps.clones;
  const isIn = async (ancestor: string, head: string): Promise<boolean> =>
    (await clean.text(['rev-list', '--max-count=1', ancestor, `^${head}`, '--'])).trim() === '';

  return {
    async merge(head, main, message) {
      requireSha(head);
      requireSha(main);
      if (await isIn(main, head)) return { kind: 'merged', head };
      if (await isIn(head, main)) return { kind: 'merged', head: main };
      const tried = await clean.run(['merge-tree', '--write-tree', '--no-messages', '--name-only', '-z', head, main], {
        wallMs: WALL_MS,
        bytes: true,
      });
      const [tree = '', ...names] = fieldsOf(tried.stdout);
      const files = names.map((name) => pathInWords(nameOf(name)));
      if (tried.end === 'exited' && tried.code === 1 && files.length > 0)
        return { kind: 'conflicts', files: [...new Set(files)] };
      if (tried.end !== 'exited' || tried.code !== 0) {
        throw new Error(`${main} could not be merged into ${head}: git merge-tree ${describeEnd(tried, WALL_MS)}`);
      }
      const date = `@${Math.floor(deps.now() / 1_000)} +0000`;
      const merged = await clean.text(['commit-tree', requireSha(tree), '-p', head, '-p', main, '-F', '-'], {
        input: message,
        env: { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      });
      // Nothing else holds it until it is pushed.
      await deps.clones.locked(() =>
        clean.text(['update-ref', `refs/lamplighter-merges/${merged.trim()}`, merged.trim()]),
      );
      return { kind: 'merged', head: merged.trim() };
    },
  };
}
