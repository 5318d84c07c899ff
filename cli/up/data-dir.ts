/** The data directory of one `up`: made private, held by one process at a time, known to the CLI by `up.json` and the operator's token. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { removeTree } from '../../activities/exec/remove-tree.ts';
import { CliFailure, EXIT } from '../terminal/failure.ts';
import { lockFile, type FileLock } from './file-lock.ts';

export interface UpFile {
  readonly pid: number;
  readonly url: string;
  readonly temporalUrl: string | null;
  readonly startedAt: number;
  readonly processes: Readonly<Record<string, number>>;
}

const LOCK = 'up.lock';
/** A folder that can't take this much can't take a start either. */
const PROBE_BYTES = 64 * 1024;

/** Null when another process holds it. Throws a CliFailure, of one line, where there can be no data directory. */
export function lockDataDir(dataDir: string): FileLock | null {
  try {
    makeFolder(dataDir);
    chmodSync(dataDir, 0o700);
    const probe = join(dataDir, `.room-${process.pid}`);
    writeFileSync(probe, Buffer.alloc(PROBE_BYTES));
    rmSync(probe);
    return lockFile(join(dataDir, LOCK));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliFailure(
      EXIT.usage,
      'data-dir',
      `${dataDir} cannot be the data directory (${why}): give one on a disk with room, where this user may write, with --data-dir`,
    );
  }
}

/** One folder after the other: below /proc Node's own way of making those above it never ends. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is a file`);
    return;
  }
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

export function playgroundIn(dataDir: string): string {
  return join(dataDir, 'playground');
}

/**
 * Why a data directory is not for what is to be served, or null. A playground has turned the kill switch off and has run and spent:
 * neither it nor repos that are meant may inherit that from the other.
 */
export function strangerIn(dataDir: string, serves: 'playground' | 'config'): string | null {
  const hasPlayground = existsSync(playgroundIn(dataDir));
  if (serves === 'config' && hasPlayground)
    return `${dataDir} is a playground's, with its kill switch off and its runs and caps: give another --data-dir`;
  // The operator's token is what every other use has left there.
  if (serves === 'playground' && !hasPlayground && existsSync(join(dataDir, 'operator.token')))
    return `${dataDir} serves a lamplighter.yaml, and the playground would arm it: give another --data-dir`;
  return null;
}

/** Throws what an earlier playground left away; the lock stays. Answers in words with what could not be removed, or null. */
export async function clearPlayground(dataDir: string): Promise<string | null> {
  if (!existsSync(playgroundIn(dataDir))) return null;
  for (const name of readdirSync(dataDir).filter((one) => !one.startsWith(LOCK) && one !== 'playground')) {
    const left = await removeTree(join(dataDir, name));
    if (left !== null) return left;
  }
  // Last, as it is what says that all of this was a playground's.
  return removeTree(playgroundIn(dataDir));
}

export function readUpFile(dataDir: string): UpFile | null {
  const path = join(dataDir, 'up.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as UpFile) : null;
}

export function writeUpFile(dataDir: string, up: UpFile): void {
  writePrivate(join(dataDir, 'up.json'), `${JSON.stringify(up, null, 2)}\n`);
}

export function removeUpFile(dataDir: string): void {
  rmSync(join(dataDir, 'up.json'), { force: true });
}

/** The operator's token is made once and kept: scripts that read it go on working after a restart. */
export function operatorToken(dataDir: string): string {
  const path = join(dataDir, 'operator.token');
  if (!existsSync(path)) writePrivate(path, `${randomBytes(32).toString('hex')}\n`);
  return readFileSync(path, 'utf8').trim();
}

function writePrivate(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}
