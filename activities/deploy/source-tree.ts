/** A clean checkout of a sha for one use, gone afterwards. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepoGit } from '../git/port.ts';

export interface SourceTree {
  withCheckout<T>(sha: string, use: (dir: string) => Promise<T>): Promise<T>;
}

export function createSourceTree(deps: { readonly git: Pick<RepoGit, 'checkOut'>; readonly dir: string }): SourceTree {
  return {
    async withCheckout(sha, use) {
      await mkdir(deps.dir, { recursive: true, mode: 0o700 });
      const dir = await mkdtemp(join(deps.dir, `${sha.slice(0, 10)}-`));
      try {
        const tree = join(dir, 'tree');
        await deps.git.checkOut(sha, tree);
        return await use(tree);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    },
  };
}
