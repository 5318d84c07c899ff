/**
 * The name of a host, by which the store knows who holds a checkout. It belongs to the data directory, where the checkouts are: made once and
 * kept in it, so that a machine may have several, and a disk that moves to another machine keeps its own.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

export function hostName(dataDir: string): string {
  const file = join(dataDir, 'host');
  return read(file) ?? make(file, dataDir);
}

function make(file: string, dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const id = randomBytes(3).toString('hex');
  const machine = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .slice(0, 40);
  const aside = `${file}.${id}`;
  writeFileSync(aside, `${machine}-${id}\n`, { mode: 0o600 });
  try {
    // Whole under its name or not there; of two processes that start at once, one names the host.
    linkSync(aside, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(aside);
  }
  const name = read(file);
  if (name === null)
    throw new Error(`${file} holds no name of this host: remove the file, and the host gets another name`);
  return name;
}

function read(file: string): string | null {
  try {
    const name = readFileSync(file, 'utf8').trim();
    return name === '' ? null : name;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
