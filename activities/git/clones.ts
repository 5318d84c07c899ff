/** The two clones of a repo on this host, and their news from the remote. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { remoteFolder } from '../../config/remote-folder.ts';
import { Outage } from '../../domain/outage.ts';
import { describeEnd } from '../exec/exec.ts';
import { absent } from './absent.ts';
import { clearDeadLocks } from './dead-locks.ts';
import { makeEmptyRepo, type EmptyRepo } from './empty-repo.ts';
import { fetchFailure } from './fetch-failure.ts';
import { holdingLock } from './host-lock.ts';
import type { RepoLayout } from './layout.ts';
import { AS_OLD_AS_IT_IS } from './old-history.ts';
import { createTrustedGit, LOCAL, NETWORK, withoutPassword, type TrustedGit, type TrustedGitDeps } from './trusted.ts';
import { tailOf } from '../../domain/text.ts';

export interface Clones {
  readonly clean: TrustedGit;
  readonly cleanDeps: TrustedGitDeps;
  readonly checkout: TrustedGit;
  /** Where the remote's main stands in both clones. */
  readonly mainRef: string;
  /** Makes both clones if they are missing and fetches; answers with the remote main's sha. Takes the repo's lock. */
  refresh(): Promise<string>;
  remoteHead(): Promise<string>;
  /** Runs `work` while nobody else of this host changes the clones. All that writes to one runs here: what it finds locked was locked by the dead. */
  locked<T>(work: () => Promise<T>): Promise<T>;
}

export interface ClonesDeps {
  readonly repo: { readonly name: string; readonly remote: string; readonly branch: string };
  readonly layout: RepoLayout;
}

const FETCH_MS = 30 * 60_000;
const HOW = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-gc', '--no-recurse-submodules'];
const FETCH = [...AS_OLD_AS_IT_IS, 'fetch', ...HOW];

export function createClones({ repo, layout }: ClonesDeps): Clones {
  const globalConfig = join(layout.root, 'gitconfig');
  const depsOf = (gitDir: string | null): TrustedGitDeps => ({
    gitDir,
    home: layout.home,
    cwd: layout.home,
    globalConfig,
  });
  const clean = createTrustedGit(depsOf(layout.clean));
  const checkout = createTrustedGit(depsOf(layout.checkout));
  const outside = createTrustedGit(depsOf(null));
  const mainRef = `refs/remotes/origin/${repo.branch}`;

  async function makeRoot(): Promise<void> {
    await mkdir(layout.home, { recursive: true, mode: 0o700 });
    const folders = await safeFolders(repo.remote);
    const text = folders.length === 0 ? '' : `[safe]\n${folders.map(safeLine).join('')}`;
    if ((await readFile(globalConfig, 'utf8').catch(absent)) === text) return;
    // By rename: another git of ours may be reading it.
    const fresh = `${globalConfig}.${randomBytes(6).toString('hex')}`;
    await writeFile(fresh, text);
    await rename(fresh, globalConfig);
  }

  async function locked<T>(work: () => Promise<T>): Promise<T> {
    await makeRoot();
    return await holdingLock(layout.lock, async () => {
      await clearDeadLocks(layout.clean);
      await clearDeadLocks(layout.checkout);
      await rm(layout.bundles, { recursive: true, force: true });
      return await work();
    });
  }

  async function fetch(): Promise<string> {
    await makeBare(layout.clean, {});
    await makeBare(layout.checkout, { gc: { auto: '0' }, maintenance: { auto: 'false' } });
    // The address stays on the command line and out of every file.
    await take(clean, repo.remote, `+refs/heads/${repo.branch}:${mainRef}`, NETWORK);
    await take(checkout, layout.clean, `+${mainRef}:${mainRef}`, LOCAL);
    return (await clean.text(['rev-parse', '--verify', `${mainRef}^{commit}`])).trim();
  }

  async function take(git: TrustedGit, remote: string, refspec: string, protocols: string): Promise<void> {
    const fetched = await git.run([...FETCH, '--', remote, refspec], { protocols, wallMs: FETCH_MS });
    // A ref that it rejects because the remote is shallow is no failure to git.
    if (fetched.end === 'exited' && fetched.code === 0 && !fetched.stderr.includes('warning: rejected')) return;
    const said = fetched.end === 'exited' ? fetched.stderr : `git fetch ${describeEnd(fetched, FETCH_MS)}`;
    throw fetchFailure({ what: `${repo.name}: ${repo.branch}`, remote, said, root: layout.root });
  }

  function remoteError(what: string, said: string): Error {
    return new Outage(
      `${repo.name}: ${repo.branch} could not be ${what} ${withoutPassword(repo.remote)}: ${withoutPassword(tailOf(said.trim(), 2_000))}`,
    );
  }

  return {
    clean,
    cleanDeps: depsOf(layout.clean),
    checkout,
    mainRef,
    locked,
    refresh: () => locked(fetch),

    async remoteHead() {
      await makeRoot();
      const listed = await outside.run(['ls-remote', '--', repo.remote, `refs/heads/${repo.branch}`], {
        protocols: NETWORK,
      });
      if (listed.end !== 'exited' || listed.code !== 0) throw remoteError('looked up at', listed.stderr);
      const sha = listed.stdout.split('\t')[0]?.trim() ?? '';
      if (sha === '')
        throw remoteError('found at', 'the remote has no such branch: check `branch` in lamplighter.yaml');
      return sha;
    },
  };
}

/** All or nothing: a clone that was made half is not mistaken for one. */
async function makeBare(dir: string, settings: NonNullable<EmptyRepo['settings']>): Promise<void> {
  if ((await stat(dir).catch(absent)) !== null) return;
  const fresh = `${dir}.new`;
  await rm(fresh, { recursive: true, force: true });
  await makeEmptyRepo(fresh, { bare: true, settings });
  await rename(fresh, dir);
}

/** All names by which git may know a remote on this machine: it resolves links before it asks whether a folder is safe to read. */
async function safeFolders(remote: string): Promise<string[]> {
  const folder = remoteFolder(remote);
  if (folder === null) return [];
  const real = await realpath(folder).catch(absent);
  return [...new Set([folder, real ?? folder])].flatMap((one) => [one, join(one, '.git')]);
}

function safeLine(path: string): string {
  return `\tdirectory = "${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"\n`;
}
