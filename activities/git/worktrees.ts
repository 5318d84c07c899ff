/**
 * A run's worktree, as the sandbox sees it. Inside, the shared clone and the worktree's `.git` file are read-only; HEAD and
 * index are a copy, and new objects go to a quarantine that is mounted in the place of the clone's own objects, which it
 * borrows from. So nothing that an agent writes is ever read by trusted git, and other repos inside (those of tests) see none of it.
 */
import { constants } from 'node:fs';
import { cp, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { removeTree } from '../exec/remove-tree.ts';
import type { SandboxBind } from '../sandbox/port.ts';
import { absent } from './absent.ts';
import type { Clones } from './clones.ts';
import { holdingLock } from './host-lock.ts';
import { runLayout, type RepoLayout, type RunLayout } from './layout.ts';
import type { RepoGit, Worktree } from './port.ts';
import { requireSha, type TrustedGit } from './trusted.ts';

/** Where the clone's own objects stand inside. */
const BORROWED = '/run/lamplighter/objects';

export interface WorktreesDeps {
  readonly clones: Clones;
  readonly layout: RepoLayout;
  readonly dataDir: string;
}

export function createWorktrees({
  clones,
  layout,
  dataDir,
}: WorktreesDeps): Pick<RepoGit, 'openWorktree' | 'removeWorktree'> {
  return {
    async openWorktree(run, base) {
      const paths = runLayout(dataDir, run);
      requireSha(base);
      // git itself fails now and then when worktrees of one clone are added at once.
      return await clones.locked(async () => {
        const name = (await readName(paths)) ?? (await addWorktree(clones, layout, { run, paths, base }));
        return worktreeOf(layout, paths, name);
      });
    },

    async removeWorktree(run) {
      const paths = runLayout(dataDir, run);
      if ((await stat(paths.root).catch(absent)) === null) return;
      // The fence first: a command of the run that still runs holds up its own removal, and not the repo.
      await holdingLock(paths.lock, () => clones.locked(() => removeFolders(clones, layout, paths)));
    },
  };
}

async function addWorktree(
  { clean, checkout }: Clones,
  layout: RepoLayout,
  { run, paths, base }: { readonly run: string; readonly paths: RunLayout; readonly base: string },
): Promise<string> {
  // Its name is written last: what lies here without one was never given to a session, so it holds nobody's work.
  for (const stale of await registered(layout, paths))
    await rm(join(layout.checkout, 'worktrees', stale), { recursive: true });
  for (const dir of [paths.work, paths.admin, paths.objects, paths.outbox])
    await rm(dir, { recursive: true, force: true });
  await mkdir(paths.root, { recursive: true, mode: 0o700 });

  // What comes out of it builds on the base, also where a person takes that from main meanwhile.
  await clean.text(['update-ref', `refs/lamplighter-bases/${run}`, base]);
  await checkout.text(['worktree', 'add', '--quiet', '--detach', '--lock', '--', paths.work, base]);
  const name = basename((await readFile(join(paths.work, '.git'), 'utf8')).trim());
  await cp(join(layout.checkout, 'worktrees', name), paths.admin, { recursive: true });
  await mkdir(join(paths.objects, 'info'), { recursive: true });
  await mkdir(join(paths.objects, 'pack'));
  await writeFile(join(paths.objects, 'info', 'alternates'), `${BORROWED}\n`);
  await mkdir(paths.outbox);

  await writeFile(`${nameFile(paths)}.new`, name);
  await rename(`${nameFile(paths)}.new`, nameFile(paths));
  return name;
}

function worktreeOf(layout: RepoLayout, paths: RunLayout, name: string): Worktree {
  // In this order: a later bind lies over an earlier one.
  const binds: SandboxBind[] = [
    { from: paths.work, mode: 'rw' },
    { from: join(paths.work, '.git'), mode: 'ro' },
    { from: layout.checkout, mode: 'ro' },
    { from: join(layout.checkout, 'objects'), to: BORROWED, mode: 'ro' },
    { from: paths.objects, to: join(layout.checkout, 'objects'), mode: 'rw' },
    { from: paths.admin, to: join(layout.checkout, 'worktrees', name), mode: 'rw' },
    { from: paths.outbox, mode: 'rw' },
  ];
  return { dir: paths.work, binds, env: {}, lock: paths.lock, outbox: paths.outbox };
}

/** Invariant 11: HEAD must be on main or handed over, else nothing is removed; commits left behind by amending stay in the quarantine. */
async function removeFolders({ clean }: Clones, layout: RepoLayout, paths: RunLayout): Promise<void> {
  const name = await readName(paths);
  if (name === null) return;
  const head = await plainText(join(paths.admin, 'HEAD'));
  if (!(await isKept(clean, head))) {
    throw new Error(
      `the worktree ${paths.work} is left in place: its HEAD (${head?.slice(0, 80) ?? 'unreadable'}) is neither on main nor handed over. ` +
        'Bundle it into evidence first, or remove the folder by hand',
    );
  }
  await removeWhole(paths.work);
  await rm(join(layout.checkout, 'worktrees', name), { recursive: true, force: true });
  for (const sha of await reflog(paths)) {
    if (!(await isKept(clean, sha))) return;
  }
  await removeWhole(paths.root);
}

/** Reachable from main or from what was imported of a run. */
async function isKept(clean: TrustedGit, sha: string | null): Promise<boolean> {
  if (sha === null || !/^[0-9a-f]{40,64}$/.test(sha)) return false;
  const known = await clean.run(['cat-file', '-e', `${sha}^{commit}`]);
  if (known.end !== 'exited' || known.code !== 0) return false;
  return (await clean.text(['for-each-ref', '--count=1', '--contains', sha, '--format=%(refname)'])).trim() !== '';
}

async function reflog(paths: RunLayout): Promise<string[]> {
  const text = (await plainText(join(paths.admin, 'logs', 'HEAD'))) ?? '';
  return [...new Set(text.split('\n').flatMap((line) => /^[0-9a-f]+ ([0-9a-f]{40,64}) /.exec(line)?.[1] ?? []))];
}

/** What an agent could write is read as text only, without following a link; null when it is not a plain file. */
async function plainText(path: string): Promise<string | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size } = await file.stat();
      return (await file.stat()).isFile() && size < 16 * 1024 * 1024 ? (await file.readFile('utf8')).trim() : null;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO'].includes(String(error.code))
    )
      return null;
    throw error;
  }
}

async function removeWhole(dir: string): Promise<void> {
  const left = await removeTree(dir);
  if (left !== null) throw new Error(left);
}

function nameFile(paths: RunLayout): string {
  return join(paths.root, 'worktree');
}

/** How the clone calls the run's worktree. Null until the worktree is whole. */
async function readName(paths: RunLayout): Promise<string | null> {
  return await readFile(nameFile(paths), 'utf8').catch(absent);
}

async function registered(layout: RepoLayout, paths: RunLayout): Promise<string[]> {
  const names = (await readdir(join(layout.checkout, 'worktrees')).catch(absent)) ?? [];
  const places = await Promise.all(
    names.map((name) => readFile(join(layout.checkout, 'worktrees', name, 'gitdir'), 'utf8').catch(absent)),
  );
  return names.filter((_name, at) => places[at]?.trim() === join(paths.work, '.git'));
}
