/** What is new on the remote's main, and of the tags that point into it, brought into both clones. For whoever holds the repo's lock. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeEnd } from '../exec/exec.ts';
import type { CommandResult } from '../sandbox/port.ts';
import { absent } from './absent.ts';
import { makeBare } from './empty-repo.ts';
import { fetchFailure } from './fetch-failure.ts';
import type { RepoLayout } from './layout.ts';
import { AS_OLD_AS_IT_IS } from './old-history.ts';
import { parseListing, staleTags, type Listing } from './tags.ts';
import { LOCAL, NETWORK, requireSha, type TrustedGit } from './trusted.ts';

export interface NewsDeps {
  readonly repo: { readonly name: string; readonly remote: string; readonly branch: string };
  readonly layout: RepoLayout;
  readonly clean: TrustedGit;
  readonly checkout: TrustedGit;
  /** In no repository. */
  readonly outside: TrustedGit;
  readonly mainRef: string;
}

const FETCH_MS = 30 * 60_000;
const HOW = ['--quiet', '--no-write-fetch-head', '--no-auto-gc', '--no-recurse-submodules'];
const FETCH = [...AS_OLD_AS_IT_IS, 'fetch', ...HOW];
const NO_TAGS = ['--no-tags'];
const ALL_TAGS = '+refs/tags/*:refs/tags/*';
/** In the checkout: what the remote showed when both clones were last brought up to it. Gone with either. */
const LISTED = 'lamplighter-listed';

/** Makes what is missing of both clones; answers with the remote main's sha. */
export function createNews({ repo, layout, clean, checkout, outside, mainRef }: NewsDeps): () => Promise<string> {
  async function bring(): Promise<string> {
    await makeBare(layout.clean, {});
    await makeBare(layout.checkout, { gc: { auto: '0' }, maintenance: { auto: 'false' } });
    const listing = await list();
    const listed = join(layout.checkout, LISTED);
    const seen = await readFile(listed, 'utf8').catch(absent);
    if (seen === listing.digest && listing.main !== null && (await mainHere()) === listing.main) return listing.main;
    await rm(listed, { force: true });
    await dropTags(listing);
    // The address stays on the command line and out of every file.
    const main = `+refs/heads/${repo.branch}:${mainRef}`;
    // By itself git takes with main the tags that point into it, and none that it has by that name.
    await take(clean, [...(listing.tags.size === 0 ? NO_TAGS : []), '--', repo.remote, main], NETWORK);
    await take(checkout, [...NO_TAGS, '--prune', '--', layout.clean, `+${mainRef}:${mainRef}`, ALL_TAGS], LOCAL);
    await keepTags();
    await writeFile(listed, listing.digest);
    return requireSha(await mainHere());
  }

  /** Empty where it was never fetched. */
  async function mainHere(): Promise<string> {
    return (await clean.run(['rev-parse', '--verify', '--quiet', `${mainRef}^{commit}`])).stdout.trim();
  }

  async function list(): Promise<Listing> {
    const wanted = [`refs/heads/${repo.branch}`, 'refs/tags/*'];
    const shown = await outside.run(['ls-remote', '--heads', '--tags', '--', repo.remote, ...wanted], {
      protocols: NETWORK,
      wallMs: FETCH_MS,
    });
    if (shown.end !== 'exited' || shown.code !== 0) throw failed(repo.remote, shown);
    return parseListing(shown.stdout, repo.branch);
  }

  async function dropTags(listing: Listing): Promise<void> {
    const ours = await clean.text(['for-each-ref', '--format=%(objectname) %(refname)', 'refs/tags']);
    const stale = staleTags(ours, listing);
    if (stale.length > 0) await clean.text(['update-ref', '--stdin'], { input: `${stale.join('\n')}\n` });
  }

  async function keepTags(): Promise<void> {
    const refs = await clean.text(['for-each-ref', '--sort=refname', '--format=%(objectname) %(refname)', 'refs/tags']);
    await writeFile(`${layout.tags}.new`, `# pack-refs with: sorted \n${refs}`);
    await rename(`${layout.tags}.new`, layout.tags);
  }

  async function take(git: TrustedGit, what: readonly string[], protocols: string): Promise<void> {
    const fetched = await git.run([...FETCH, ...what], { protocols, wallMs: FETCH_MS });
    // A ref that it rejects because the remote is shallow is no failure to git.
    if (fetched.end === 'exited' && fetched.code === 0 && !fetched.stderr.includes('warning: rejected')) return;
    throw failed(git === clean ? repo.remote : layout.clean, fetched);
  }

  function failed(remote: string, result: CommandResult): Error {
    const said = result.end === 'exited' ? result.stderr : `git ${describeEnd(result, FETCH_MS)}`;
    return fetchFailure({ what: `${repo.name}: ${repo.branch}`, remote, said, root: layout.root });
  }

  return bring;
}
