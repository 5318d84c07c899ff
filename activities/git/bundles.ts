/** Commits come in from a sandbox, and go out to evidence, as bundles. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describeEnd } from '../exec/exec.ts';
import type { Clones } from './clones.ts';
import { runLayout, type RepoLayout } from './layout.ts';
import type { RepoGit } from './port.ts';
import { LOCAL, requireSha, type TrustedGit } from './trusted.ts';

export const MAX_BUNDLE_BYTES = 256 * 1024 * 1024;

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
    const dir = join(layout.root, 'bundles');
    await mkdir(dir, { recursive: true, mode: 0o700 });
    return join(dir, `${randomBytes(8).toString('hex')}.bundle`);
  };

  return {
    async importBundle(run, bundle) {
      if (dirname(bundle) !== runLayout(dataDir, run).outbox)
        throw new BundleRefused(`${bundle} does not lie in the outbox of run ${run}`);
      const copy = await temporary();
      try {
        // Copied first: the outbox is the agent's, and must not change between being looked at and being read.
        await copyPlainFile(bundle, copy);
        return await clones.locked(() => fetchHead(clean, run, copy));
      } finally {
        await rm(copy, { force: true });
      }
    },

    async exportBundle(head) {
      if ((await clean.text(['rev-list', '--max-count=1', requireSha(head), `^${mainRef}`, '--'])).trim() === '')
        return null;
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
    },
  };
}

async function fetchHead(clean: TrustedGit, run: string, file: string): Promise<string> {
  const incoming = `refs/lamplighter-incoming/${run}`;
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-gc', '--no-recurse-submodules'];
  const fetched = await clean.run([...fetch, '--', file, `+HEAD:${incoming}`], { protocols: LOCAL });
  if (fetched.end !== 'exited')
    throw new Error(`the bundle of run ${run} could not be read: git fetch ${describeEnd(fetched, 300_000)}`);
  if (fetched.code !== 0) {
    throw new BundleRefused(
      `the bundle is not taken: ${fetched.stderr.replaceAll(file, 'the bundle').trim().slice(-1_500)}`,
    );
  }
  try {
    const head = (await clean.text(['rev-parse', '--verify', incoming])).trim();
    if ((await clean.text(['cat-file', '-t', head])).trim() !== 'commit')
      throw new BundleRefused('the HEAD of the bundle is not a commit');
    await keepOld(clean, run, head);
    await clean.text(['update-ref', `refs/lamplighter/${run}`, head]);
    return head;
  } finally {
    await clean.text(['update-ref', '-d', incoming]);
  }
}

/** Amended or reset work leaves commits that nothing else holds: they stay (invariant 11). */
async function keepOld(clean: TrustedGit, run: string, head: string): Promise<void> {
  const old = (await clean.text(['for-each-ref', '--format=%(objectname)', `refs/lamplighter/${run}`])).trim();
  if (old === '' || (await clean.text(['rev-list', '--max-count=1', old, `^${head}`, '--'])).trim() === '') return;
  await clean.text(['update-ref', `refs/lamplighter-kept/${run}/${old}`, old]);
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
