/** The two clones of a repo on this host, and their news from the remote. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { remoteFolder } from '../../config/remote-folder.ts';
import { Outage } from '../../domain/outage.ts';
import { absent } from './absent.ts';
import { clearDeadLocks } from './dead-locks.ts';
import { holdingLock } from './host-lock.ts';
import type { RepoLayout } from './layout.ts';
import { createNews } from './main-news.ts';
import { createTrustedGit, NETWORK, withoutPassword, type TrustedGit, type TrustedGitDeps } from './trusted.ts';
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
  readonly repo: {
    readonly name: string;
    readonly remote: string;
    readonly branch: string;
    readonly submodules?: readonly string[];
  };
  readonly layout: RepoLayout;
  /** As trusted git has it. */
  readonly proxy?: Readonly<Record<string, string>>;
}

export function createClones({ repo, layout, proxy = {} }: ClonesDeps): Clones {
  const globalConfig = join(layout.root, 'gitconfig');
  const depsOf = (gitDir: string | null): TrustedGitDeps => ({
    gitDir,
    home: layout.home,
    cwd: layout.home,
    globalConfig,
    proxy,
  });
  const clean = createTrustedGit(depsOf(layout.clean));
  const checkout = createTrustedGit(depsOf(layout.checkout));
  const outside = createTrustedGit(depsOf(null));
  const mainRef = `refs/remotes/origin/${repo.branch}`;
  const news = createNews({ repo, layout, clean, checkout, outside, mainRef });

  async function makeRoot(): Promise<void> {
    await mkdir(layout.home, { recursive: true, mode: 0o700 });
    const folders = (await Promise.all([repo.remote, ...(repo.submodules ?? [])].map(safeFolders))).flat();
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
      for (const one of (await readdir(layout.submodules).catch(absent)) ?? [])
        await clearDeadLocks(join(layout.submodules, one));
      await rm(layout.bundles, { recursive: true, force: true });
      return await work();
    });
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
    refresh: () => locked(news),

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
