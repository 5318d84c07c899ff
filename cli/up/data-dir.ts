/** The data directory of one `up`: made private, held by one process at a time, known to the CLI by `up.json` and the operator's token. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile, type FileLock } from './file-lock.ts';

export interface UpFile {
  readonly pid: number;
  readonly url: string;
  readonly temporalUrl: string | null;
  readonly startedAt: number;
  readonly processes: Readonly<Record<string, number>>;
}

/** Null when another process holds it. */
export function lockDataDir(dataDir: string): FileLock | null {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  chmodSync(dataDir, 0o700);
  return lockFile(join(dataDir, 'up.lock'));
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
