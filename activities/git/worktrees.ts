/**
 * A run's worktree, as the sandbox sees it: files of a `git worktree` of the shared clone, and over its `.git` a repository of the run's
 * own. That one borrows its objects from the clone, whose objects alone are seen inside, and read-only. So git works there as in anybody's
 * clone, nothing that an agent writes is ever read by trusted git, and other repos inside (those of tests) see none of it.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Outage } from '../../domain/outage.ts';
import { removeTree } from '../exec/remove-tree.ts';
import type { SandboxBind } from '../sandbox/port.ts';
import { absent } from './absent.ts';
import { submoduleBinds } from './checkouts.ts';
import type { Clones } from './clones.ts';
import { holdingLock } from './host-lock.ts';
import { runLayout, type RepoLayout, type RunLayout } from './layout.ts';
import { headIn, makeSessionRepo, shasEverIn } from './own-repo.ts';
import type { OpenedRuns, RepoGit, Worktree } from './port.ts';
import type { Submodules } from './submodules.ts';
import { requireSha, type TrustedGit } from './trusted.ts';

/** Where the clone's own objects and the remote's branches stand inside. */
const BORROWED = '/run/lamplighter/objects';
const REMOTES = '/run/lamplighter/remotes';

export interface WorktreesDeps {
  readonly clones: Clones;
  readonly layout: RepoLayout;
  readonly dataDir: string;
  readonly submodules: Submodules;
  /** Addresses of submodules that the operator lists. */
  readonly listed: readonly string[];
  readonly opened?: OpenedRuns | undefined;
}

export function createWorktrees({
  clones,
  layout,
  dataDir,
  submodules,
  listed,
  opened,
}: WorktreesDeps): Pick<RepoGit, 'openWorktree' | 'removeWorktree'> {
  return {
    async openWorktree(run, base) {
      const paths = runLayout(dataDir, run);
      requireSha(base);
      const host = (await opened?.hostOf(run)) ?? null;
      if ((await readName(paths)) === null) {
        if (opened !== undefined && host !== null) throw new Outage(elsewhere(run, host, opened.host));
        await submodules.obtain(base);
      }
      // git itself fails now and then when worktrees of one clone are added at once.
      const worktree = await clones.locked(async () => {
        if ((await readName(paths)) === null) await addWorktree(clones, layout, { run, paths, base, submodules });
        return worktreeOf(layout, paths, submoduleBinds(layout, listed));
      });
      if (host === null) await opened?.opened(run);
      return worktree;
    },

    async removeWorktree(run) {
      const paths = runLayout(dataDir, run);
      // What one who died in the middle had put aside.
      await removeAside(paths);
      if ((await stat(paths.root).catch(absent)) === null) return;
      // The fence first: a command of the run that still runs holds up its own removal, and not the repo.
      await holdingLock(paths.lock, () => clones.locked(() => putAside(clones, layout, paths)));
      // Without the locks: what takes long to remove holds nobody up.
      await removeAside(paths);
    },
  };
}

/** To start over at the base would leave behind what the run has done. */
function elsewhere(run: string, host: string, here: string): string {
  const where =
    host === here ? 'was made on this disk, and it is gone' : `is on the disk of host ${host}, and this is ${here}`;
  return (
    `the work folder of run ${run} ${where}; the run waits for it and does not start over. ` +
    'Start Lamplighter where the folder is, or bring it back from a backup; if it is lost, cancel the run'
  );
}

async function addWorktree(
  { clean, checkout, mainRef }: Clones,
  layout: RepoLayout,
  {
    run,
    paths,
    base,
    submodules,
  }: { readonly run: string; readonly paths: RunLayout; readonly base: string; readonly submodules: Submodules },
): Promise<void> {
  // Its name is written last: what lies here without one was never given to a session, so it holds nobody's work.
  for (const stale of await registered(layout, paths))
    await rm(join(layout.checkout, 'worktrees', stale), { recursive: true });
  for (const dir of [paths.work, paths.git, paths.outbox]) await rm(dir, { recursive: true, force: true });
  await mkdir(paths.root, { recursive: true, mode: 0o700 });

  // What comes out of it builds on the base, also where a person takes that from main meanwhile.
  await clean.text(['update-ref', `refs/lamplighter-bases/${run}`, base]);
  await checkout.text(['worktree', 'add', '--quiet', '--detach', '--lock', '--', paths.work, base]);
  const name = basename((await readFile(join(paths.work, '.git'), 'utf8')).trim());
  await makeSessionRepo(paths.git, {
    base,
    index: join(layout.checkout, 'worktrees', name, 'index'),
    refs: await checkout.text(['for-each-ref', '--format=%(objectname) %(refname)']),
    borrows: BORROWED,
    main: { ref: mainRef, file: mainRef.replace('refs/remotes', REMOTES) },
  });
  // Inside, the run's repository is mounted there; outside, git finds none.
  await rm(join(paths.work, '.git'));
  await mkdir(join(paths.work, '.git'));
  await submodules.place(base, paths.work);
  await mkdir(paths.outbox);

  await writeFile(`${nameFile(paths)}.new`, name);
  await rename(`${nameFile(paths)}.new`, nameFile(paths));
}

function worktreeOf(layout: RepoLayout, paths: RunLayout, more: readonly SandboxBind[]): Worktree {
  // In this order: a later bind lies over an earlier one. Each lies on the root of one before, which can't be moved away from inside.
  const binds: SandboxBind[] = [
    { from: paths.work, mode: 'rw' },
    { from: paths.git, to: join(paths.work, '.git'), mode: 'rw' },
    { from: join(layout.checkout, 'objects'), to: BORROWED, mode: 'ro' },
    { from: join(layout.checkout, 'refs', 'remotes'), to: REMOTES, mode: 'ro' },
    { from: paths.outbox, mode: 'rw' },
    ...more,
  ];
  return { dir: paths.work, binds, env: {}, lock: paths.lock, outbox: paths.outbox };
}

/**
 * By renames alone. Invariant 11: HEAD must be on main or handed over, else nothing is removed; commits left behind by amending, on a branch or in the
 * stash stay in the quarantine.
 */
async function putAside({ clean }: Clones, layout: RepoLayout, paths: RunLayout): Promise<void> {
  const name = await readName(paths);
  if (name === null) return;
  const head = await headIn(paths.git);
  if (!(await isKept(clean, head))) {
    throw new Error(
      `the worktree ${paths.work} is left in place: its HEAD (${head ?? 'unreadable'}) is neither on main nor handed over. ` +
        'Bundle it into evidence first, or remove the folder by hand',
    );
  }
  // Within its own folder: elsewhere, a folder that may not be written could not be moved.
  await rename(paths.work, paths.workGone).catch(absent);
  await rm(join(layout.checkout, 'worktrees', name), { recursive: true, force: true });
  for (const sha of await shasEverIn(paths.git)) {
    if (!(await isKept(clean, sha))) return;
  }
  await mkdir(dirname(paths.gone), { recursive: true, mode: 0o700 });
  await rename(paths.root, paths.gone);
}

async function removeAside(paths: RunLayout): Promise<void> {
  for (const dir of [paths.workGone, paths.gone]) {
    const left = await removeTree(dir);
    if (left !== null) throw new Error(left);
  }
}

/** Reachable from main or from what was imported of a run. */
async function isKept(clean: TrustedGit, sha: string | null): Promise<boolean> {
  if (sha === null || !/^[0-9a-f]{40,64}$/.test(sha)) return false;
  const known = await clean.run(['cat-file', '-e', `${sha}^{commit}`]);
  if (known.end !== 'exited' || known.code !== 0) return false;
  return (await clean.text(['for-each-ref', '--count=1', '--contains', sha, '--format=%(refname)'])).trim() !== '';
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
