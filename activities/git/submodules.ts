/**
 * Submodules. What a repo says of them is data: an address is fetched only where the operator has listed it, because trusted git reads
 * with the operator's access, and what git is given is the operator's own spelling. Folders are filled before anything of the repo runs
 * in them, from clones of ours, each with a `.git` of its own that borrows from one.
 */
import { createHash } from 'node:crypto';
import { lstat, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { remoteFolder } from '../../config/remote-folder.ts';
import { describeEnd } from '../exec/exec.ts';
import type { CommandResult } from '../sandbox/port.ts';
import { absent } from './absent.ts';
import { makeBare, makeEmptyRepo } from './empty-repo.ts';
import { fetchFailure } from './fetch-failure.ts';
import { AS_OLD_AS_IT_IS } from './old-history.ts';
import { linksOf, type Level } from './submodule-links.ts';
import { createTrustedGit, NETWORK, type TrustedGit, type TrustedGitDeps } from './trusted.ts';

export interface SubmodulesDeps {
  /** Whether it is worth looking: most repos have none. */
  readonly mayHold: (sha: string) => Promise<boolean>;
  /** The repository whose commits are asked about. */
  readonly git: TrustedGit;
  readonly gitDeps: TrustedGitDeps;
  /** Its address: others may be relative to it. */
  readonly remote: string;
  /** Addresses that the operator lists. */
  readonly listed: readonly string[];
  /** Where our clones of them lie. */
  readonly dir: string;
  readonly locked: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface Submodules {
  /** Fetches what is not here yet. Answers in sentences with what stays empty, and why; an address that can't be reached throws. */
  obtain(sha: string): Promise<readonly string[]>;
  /** Fills the folders of a checkout of `sha` from what is here; `only` those at these paths. Nothing of the repo may have run there. */
  place(sha: string, checkout: string, only?: readonly string[]): Promise<void>;
}

/** A submodule of a submodule, and so on. */
const DEPTH = 5;
const FETCH_MS = 30 * 60_000;
const FETCH = [
  ...AS_OLD_AS_IT_IS,
  'fetch',
  '--quiet',
  '--no-tags',
  '--prune',
  '--no-write-fetch-head',
  '--no-auto-gc',
  '--no-recurse-submodules',
  '--',
];
const ALL_OF_IT = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

export function createSubmodules(deps: SubmodulesDeps): Submodules {
  const { gitDeps, listed, dir } = deps;
  const top = (sha: string): Level => ({ git: deps.git, sha, remote: deps.remote, above: '', depth: 0 });
  const placeOf = (address: string): string =>
    join(dir, `${createHash('sha256').update(address).digest('hex').slice(0, 16)}.git`);
  const cloneOf = (address: string): TrustedGit => createTrustedGit({ ...gitDeps, gitDir: placeOf(address) });
  const listedAs = (address: string): string | undefined => listed.find((one) => plain(one) === plain(address));

  async function obtainAt(level: Level): Promise<string[]> {
    const empty: string[] = [];
    for (const { path, commit, address } of await linksOf(level)) {
      const where = `${level.above}${path}`;
      const from = address === null ? undefined : listedAs(address);
      if (from === undefined) {
        const what =
          address === null ? 'no address in .gitmodules' : `the address ${JSON.stringify(address.slice(0, 200))}`;
        empty.push(
          `${where} is a submodule with ${what}, and stays empty: list the address under submodules of the repo in lamplighter.yaml`,
        );
      } else if (level.depth === DEPTH) empty.push(`${where} stays empty: submodules are filled ${DEPTH} deep`);
      else if (!(await isHere(from, commit)) && !(await isFetched(where, from, commit)))
        empty.push(`${where} stays empty: its remote ${from} does not have the commit ${commit}`);
      else empty.push(...(await obtainAt(under(level, { path, commit, from }))));
    }
    return empty;
  }

  function under(level: Level, { path, commit, from }: { path: string; commit: string; from: string }): Level {
    return { git: cloneOf(from), sha: commit, remote: from, above: `${level.above}${path}/`, depth: level.depth + 1 };
  }

  async function isHere(address: string, commit: string): Promise<boolean> {
    const seen = await cloneOf(address).run(['cat-file', '-e', `${commit}^{commit}`]);
    return seen.end === 'exited' && seen.code === 0;
  }

  /** Of all branches and tags; else by its id, where the remote lets one ask for that. */
  async function isFetched(where: string, address: string, commit: string): Promise<boolean> {
    return await deps.locked(async () => {
      await makeBare(placeOf(address), {});
      const fetch = (what: readonly string[]): Promise<CommandResult> =>
        cloneOf(address).run([...FETCH, address, ...what], { protocols: NETWORK, wallMs: FETCH_MS });
      const fetched = await fetch(ALL_OF_IT);
      if (fetched.end !== 'exited' || fetched.code !== 0) {
        const said = fetched.end === 'exited' ? fetched.stderr : `git fetch ${describeEnd(fetched, FETCH_MS)}`;
        throw fetchFailure({ what: `the submodule ${where}`, remote: address, said, root: dir });
      }
      if (await isHere(address, commit)) return true;
      await fetch([commit]);
      return await isHere(address, commit);
    });
  }

  async function placeAt(level: Level, checkout: string, only: readonly string[] | null): Promise<void> {
    for (const { path, commit, address } of await linksOf(level)) {
      const from = address === null ? undefined : listedAs(address);
      if (from === undefined || level.depth === DEPTH || (only !== null && !only.includes(path))) continue;
      if (!(await isHere(from, commit)) || !(await isWithoutLinks(checkout, path))) continue;
      const folder = join(checkout, path);
      await rm(folder, { recursive: true, force: true });
      const gitDir = join(folder, '.git');
      await makeEmptyRepo(gitDir, { bare: false, borrows: join(placeOf(from), 'objects') });
      // As in a clone: versions are derived from them there too.
      const tags = ['for-each-ref', '--sort=refname', '--format=%(objectname) %(refname)', 'refs/tags'];
      const refs = await cloneOf(from).text(tags);
      await writeFile(join(gitDir, 'packed-refs'), `# pack-refs with: sorted \n${refs}`);
      const git = createTrustedGit({ ...gitDeps, gitDir });
      await git.text(['checkout', '--quiet', '--detach', commit, '--'], {
        cwd: folder,
        env: { GIT_WORK_TREE: folder },
      });
      await placeAt(under(level, { path, commit, from }), folder, null);
    }
  }

  return {
    obtain: async (sha) => ((await deps.mayHold(sha)) ? await obtainAt(top(sha)) : []),
    async place(sha, checkout, only) {
      if (await deps.mayHold(sha)) await placeAt(top(sha), checkout, only ?? null);
    },
  };
}

/** One spelling of an address, to compare: as git takes them, with `.git` and a slash at its end or without. */
function plain(address: string): string {
  return (remoteFolder(address) ?? address.replace(/\/+$/, '')).replace(/\.git$/, '');
}

/** What stands on the way is a folder; the last may be missing. */
async function isWithoutLinks(checkout: string, path: string): Promise<boolean> {
  const parts = path.split('/');
  for (let depth = 1; depth <= parts.length; depth++) {
    const found = await lstat(join(checkout, ...parts.slice(0, depth))).catch(absent);
    if (found === null) return depth === parts.length;
    if (!found.isDirectory()) return false;
  }
  return true;
}
