/**
 * The embedded Temporal: the official CLI's dev server with a database file in write-ahead mode (kill -9 safe; power-loss safe as far as
 * synchronous=1 goes).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChildSpec } from './child.ts';
import type { ReservedPort } from './ports.ts';
import { removeHalfMade } from './temporal-database.ts';

export interface TemporalPlace {
  readonly executable: string;
  readonly dataDir: string;
  readonly port: ReservedPort;
  readonly uiPort: ReservedPort;
}

export function temporalServer(place: TemporalPlace): ChildSpec {
  const database = join(place.dataDir, 'temporal.db');
  return {
    name: 'temporal',
    command: place.executable,
    args: [
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--ui-ip',
      '127.0.0.1',
      '--port',
      String(place.port.port),
      '--ui-port',
      String(place.uiPort.port),
      '--db-filename',
      database,
      '--sqlite-pragma',
      'journal_mode=wal',
      '--sqlite-pragma',
      'synchronous=1',
      '--log-level',
      'error',
    ],
    env: { HOME: place.dataDir, PATH: '/usr/bin:/bin', TEMPORAL_DISABLE_ENV: '1' },
    prepare: () => removeHalfMade(database),
    ready: (signal, pid) => untilListening(pid, place.port.port, signal),
    ports: [place.port, place.uiPort],
  };
}

/** Somebody else's server on the port would answer as well as ours: asked is whether this very process listens there. */
async function untilListening(pid: number, port: number, signal: AbortSignal): Promise<void> {
  while (!listensOn(pid, port)) {
    await delay(20, undefined, { signal });
  }
}

const LISTENING = '0A';

function listensOn(pid: number, port: number): boolean {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${hexPort}`) === true && state === LISTENING)
    .map((fields) => `socket:[${fields[9]}]`);
  return openFiles(pid).some((file) => sockets.includes(file));
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((name) => linkOf(join(folder, name)));
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function linkOf(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** The process or its file ended while it was looked at. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}
