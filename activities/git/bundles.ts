/** Commits come in from a sandbox, and go out to evidence, as bundles. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describeEnd } from '../exec/exec.ts';
import type { Clones } from './clones.ts';
import { makeEmptyRepo } from './empty-repo.ts';
import { runLayout, type RepoLayout } from './layout.ts';
import { AS_OLD_AS_IT_IS } from './old-history.ts';
import type { RepoGit } from './port.ts';
import { createTrustedGit, LOCAL, requireSha, type TrustedGit } from './trusted.ts';
import { tailOf } from '../../domain/text.ts';

const MAX_BUNDLE_BYTES = 256 * 1024 * 1024;

/** The bundle is not one that we take. Its message is fit for the session: it speaks of nothing but its own bundle. */
export class BundleRefused extends Error {
  override readonly name = 'BundleRefused';
}

export interface BundlesDeps {
  readonly clones: Clones;
  readonly layout: RepoLayout;
  readonly dataDir: string;
}

export function createBundles({
  clones,
  layout,
  dataDir,
}: BundlesDeps): Pick<RepoGit, 'importBundle' | 'exportBundle'> {
  const { clean, mainRef } = clones;
  const temporary = async (): Promise<string> => {
    await mkdir(layout.bundles, { recursive: true, mode: 0o700 });
    return join(layout.bundles, `${randomBytes(8).toString('hex')}.bundle`);
  };

  return {
    async importBundle(run, bundle) {
      if (dirname(bundle) !== runLayout(dataDir, run).outbox)
        throw new BundleRefused(`${bundle} does not lie in the outbox of run ${run}`);
      return await clones.locked(async () => {
        const copy = await temporary();
        try {
          // Copied first: the outbox is the agent's, and must not change between being looked at and being read.
          await copyPlainFile(bundle, copy);
          return await fetchHead(clones, layout, run, copy);
        } finally {
          await rm(copy, { force: true });
        }
      });
    },

    async exportBundle(head) {
      if ((await clean.text(['rev-list', '--max-count=1', requireSha(head), `^${mainRef}`, '--'])).trim() === '')
        return null;
      return await clones.locked(async () => {
        const file = await temporary();
        // A bundle names refs, not commits.
        const ref = `refs/lamplighter-export/${head}`;
        try {
          await clean.text(['update-ref', ref, head]);
          await clean.text(['bundle', 'create', '--quiet', file, ref, `^${mainRef}`]);
          return await readFile(file);
        } finally {
          await clean.text(['update-ref', '-d', ref]);
          await rm(file, { force: true });
        }
      });
    },
  };
}

const FETCH = [
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-auto-gc',
  '--no-recurse-submodules',
  '--',
];

/**
 * In two steps, because git before 2.46 checks no object of a bundle: first into a throwaway clone that borrows from ours,
 * then from there, with fsck. So nothing that is refused ever lies in the clean clone.
 */
async function fetchHead({ clean, cleanDeps }: Clones, layout: RepoLayout, run: string, file: string): Promise<string> {
  const staging = `${file}.git`;
  const incoming = `refs/lamplighter-incoming/${run}`;
  let taken = false;
  try {
    await makeStaging(clean, layout, staging);
    const staged = createTrustedGit({ ...cleanDeps, gitDir: staging });
    // A later git checks here already, and a bundle may hold what main has had for years: what is new is judged by the second step.
    await takeOrRefuse(staged, file, 'HEAD', AS_OLD_AS_IT_IS);
    await takeOrRefuse(clean, staging, incoming);
    const ours = `refs/lamplighter/${run}`;
    const stands = await refsAt(clean, [incoming, ours]);
    const { id: head, type } = stands.get(incoming) ?? {};
    if (head === undefined || type !== 'commit') throw new BundleRefused('the HEAD of the bundle is not a commit');
    const kept = await keptOf(clean, { run, old: stands.get(ours)?.id ?? head, head });
    await updateRefs(clean, [...kept, `update ${ours} ${head}`, `delete ${incoming}`]);
    taken = true;
    return head;
  } finally {
    if (!taken) await updateRefs(clean, [`delete ${incoming}`]);
    await rm(staging, { recursive: true, force: true });
  }

  async function takeOrRefuse(
    git: TrustedGit,
    from: string,
    source: string,
    options: readonly string[] = [],
  ): Promise<void> {
    const fetched = await git.run([...options, ...FETCH, from, `+${source}:${incoming}`], { protocols: LOCAL });
    if (fetched.end === 'exited' && fetched.code === 0) return;
    if (fetched.end !== 'exited')
      throw new Error(`the bundle of run ${run} could not be read: git fetch ${describeEnd(fetched, 300_000)}`);
    const words = fetched.stderr.replaceAll(staging, 'the bundle').replaceAll(file, 'the bundle').trim();
    throw new BundleRefused(`the bundle is not taken: ${tailOf(words, 1_500)}`);
  }
}

/** Its refs are ours, so that git finds what the bundle builds on. */
async function makeStaging(clean: TrustedGit, layout: RepoLayout, staging: string): Promise<void> {
  await makeEmptyRepo(staging, { bare: true, borrows: join(layout.clean, 'objects') });
  const refs = await clean.text(['for-each-ref', '--sort=refname', '--format=%(objectname) %(refname)']);
  await writeFile(join(staging, 'packed-refs'), `# pack-refs with: sorted \n${refs}`);
}

/** Amended or reset work leaves commits that nothing else holds: they stay (invariant 11). */
async function keptOf(
  clean: TrustedGit,
  { run, old, head }: { readonly run: string; readonly old: string; readonly head: string },
): Promise<string[]> {
  if (old === head || (await clean.text(['rev-list', '--max-count=1', old, `^${head}`, '--'])).trim() === '') return [];
  return [`update refs/lamplighter-kept/${run}/${old} ${old}`];
}

interface Standing {
  readonly id: string;
  readonly type: string;
}

/** Those of these refs that there are. */
async function refsAt(clean: TrustedGit, refs: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
  const listed = await clean.text(['for-each-ref', '--format=%(refname) %(objectname) %(objecttype)', ...refs]);
  const lines = listed.split('\n').map((line) => line.split(' '));
  return new Map(lines.map(([ref = '', id = '', type = '']) => [ref, { id, type }]));
}

/** All of it or nothing, by one process. */
async function updateRefs(clean: TrustedGit, commands: readonly string[]): Promise<void> {
  await clean.text(['update-ref', '--stdin'], { input: `${commands.join('\n')}\n` });
}

async function copyPlainFile(from: string, to: string): Promise<void> {
  // Without following a link, and without waiting for the other end of a fifo.
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (!['ENOENT', 'ELOOP', 'ENXIO', 'ENOTDIR', 'EACCES'].includes(code)) throw error;
      throw new BundleRefused(`the bundle is not a plain file (${code})`);
    },
  );
  try {
    const found = await source.stat();
    if (!found.isFile()) throw new BundleRefused('the bundle is not a plain file');
    if (found.size > MAX_BUNDLE_BYTES)
      throw new BundleRefused(`the bundle has ${found.size} bytes; at most ${MAX_BUNDLE_BYTES} are taken`);
    const target = await open(to, 'wx', 0o600);
    // No more than was there when it was looked at, however it grows meanwhile.
    if (found.size > 0)
      await pipeline(
        source.createReadStream({ start: 0, end: found.size - 1, autoClose: false }),
        target.createWriteStream(),
      );
    else await target.close();
  } finally {
    await source.close();
  }
}
