/** Fresh checkouts of a sha out of the clean clone, for gates and builds. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { copyFile, lstat, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { bytesOfPath } from '../../domain/gates/path-name.ts';
import type { SandboxBind } from '../sandbox/port.ts';
import { absent } from './absent.ts';
import { makeEmptyRepo } from './empty-repo.ts';
import { repoLayout, type RepoLayout } from './layout.ts';
import { OWN_SETTINGS } from './own-repo.ts';
import type { RepoGit } from './port.ts';
import type { Submodules } from './submodules.ts';
import { createTrustedGit, requireSha, type TrustedGit, type TrustedGitDeps } from './trusted.ts';

/** A checkout borrows its objects from the clean clone: git works in it inside a sandbox only where these are bound. */
export function checkoutBinds({
  dataDir,
  key,
  submodules = [],
}: {
  readonly dataDir: string;
  readonly key: string;
  /** Addresses that the operator lists. */
  readonly submodules?: readonly string[];
}): SandboxBind[] {
  const layout = repoLayout(dataDir, key);
  return [{ from: join(layout.clean, 'objects'), mode: 'ro' }, ...submoduleBinds(layout, submodules)];
}

/** A filled submodule borrows too. */
export function submoduleBinds(layout: RepoLayout, listed: readonly string[]): SandboxBind[] {
  if (listed.length === 0) return [];
  mkdirSync(layout.submodules, { recursive: true, mode: 0o700 });
  return [{ from: layout.submodules, mode: 'ro' }];
}

export interface CheckoutsDeps {
  readonly clean: TrustedGit;
  readonly cleanDeps: TrustedGitDeps;
  readonly layout: RepoLayout;
  readonly files: RepoGit['files'];
  readonly submodules: Submodules;
}

export function createCheckouts({
  clean,
  cleanDeps,
  layout,
  files,
  submodules,
}: CheckoutsDeps): Pick<RepoGit, 'checkOut' | 'overlay'> {
  return {
    async checkOut(sha, dir) {
      requireSha(sha);
      if ((await stat(dir).catch(absent)) !== null)
        throw new Error(`${dir} exists already: a checkout is made in a folder of its own`);
      const git = createTrustedGit({ ...cleanDeps, gitDir: join(dir, '.git') });
      await makeEmptyRepo(join(dir, '.git'), {
        bare: false,
        borrows: join(layout.clean, 'objects'),
        settings: OWN_SETTINGS,
      });
      // Versions are derived from them, as in a clone.
      await copyFile(layout.tags, join(dir, '.git', 'packed-refs')).catch(absent);
      await git.text(['checkout', '--quiet', '--detach', sha, '--'], { cwd: dir, env: { GIT_WORK_TREE: dir } });
      const empty = await submodules.obtain(sha);
      await submodules.place(sha, dir);
      return empty;
    },

    async overlay(sha, dir, paths) {
      requireSha(sha);
      for (const path of paths) requireInside(path);
      const present = new Set(await files(sha));
      const written = paths.filter((path) => present.has(path));
      for (const path of paths) if (!present.has(path)) await removeFile(dir, path);
      if (written.length === 0) return;
      // With the clean clone's git directory and an index of its own: the folder's own .git is not looked at.
      const env = { GIT_INDEX_FILE: join(layout.root, `index-${randomBytes(8).toString('hex')}`), GIT_WORK_TREE: dir };
      try {
        await clean.text(['read-tree', sha], { env });
        // -f replaces what stands in the way, links among it, rather than writing through them.
        await clean.text(['checkout-index', '-f', '-q', '-z', '--stdin'], {
          cwd: dir,
          env,
          input: Buffer.concat(written.map((path) => Buffer.from([...bytesOfPath(path), 0]))),
        });
      } finally {
        await rm(env.GIT_INDEX_FILE, { force: true });
      }
      await submodules.obtain(sha);
      await submodules.place(sha, dir, written);
    },
  };
}

function requireInside(path: string): void {
  if (
    path !== '' &&
    !isAbsolute(path) &&
    !path.split('/').some((part) => part === '..' || part === '.' || part.toLowerCase() === '.git')
  )
    return;
  throw new Error(`${JSON.stringify(path)} is not a path inside a checkout`);
}

/** By its bytes: as text a name that is not UTF-8 would be another one. */
function inside(dir: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${dir}/`), bytesOfPath(path)]);
}

/** Removes the file and the folders that it leaves empty. Where a folder on the way is a link there is no such file. */
async function removeFile(dir: string, path: string): Promise<void> {
  const parts = path.split('/');
  for (let depth = 1; depth < parts.length; depth++) {
    const parent = await lstat(inside(dir, parts.slice(0, depth).join('/'))).catch(absent);
    if (parent === null || !parent.isDirectory()) return;
  }
  await rm(inside(dir, path), { recursive: true, force: true });
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    const emptied = await rmdir(inside(dir, parent)).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST'))
          return false;
        throw error;
      },
    );
    if (!emptied) return;
  }
}
