/** A clean checkout of a sha for one use, gone afterwards. */
import { join } from 'node:path';
import { inFreshFolder, type Used } from '../exec/remove-tree.ts';
import type { RepoGit } from '../git/port.ts';

export interface SourceTree {
  /**
   * `empty`: the submodules that are, and why, in sentences. What keeps the folder is said and no failure: what was done with it was done, and must
   * not be done again.
   */
  withCheckout<T>(sha: string, use: (dir: string, empty: readonly string[]) => Promise<T>): Promise<Used<T>>;
}

export function createSourceTree(deps: { readonly git: Pick<RepoGit, 'checkOut'>; readonly dir: string }): SourceTree {
  return {
    withCheckout: (sha, use) =>
      inFreshFolder(join(deps.dir, `${sha.slice(0, 10)}-`), async (dir) => {
        const tree = join(dir, 'tree');
        return await use(tree, await deps.git.checkOut(sha, tree));
      }),
  };
}
