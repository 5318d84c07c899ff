/**
 * Which ports an `up` takes: those it had before, else the usual ones, else free ones. A port is held until the process
 * that wants it starts, and claimed for as long as this process lives: while Temporal starts or is dead for a moment, another
 * `up` must not put its own there, because workers of both would then share one engine.
 */
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { lockFile, type FileLock } from './file-lock.ts';

export interface ReservedPort {
  readonly port: number;
  /** To be called right before the process that is to listen there starts. */
  release(): Promise<void>;
}

const portsFile = z.object({ api: z.number(), temporal: z.number(), temporalUi: z.number(), model: z.number() });
export type Ports = Readonly<z.infer<typeof portsFile>>;
export type ReservedPorts = { readonly [Name in keyof Ports]: ReservedPort };

const USUAL: Ports = { api: 7070, temporal: 7233, temporalUi: 8233, model: 0 };
/** The processes of a killed `up` need a moment to give their ports back. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 20;
/** Enough for the system to come by a port that no other `up` has claimed. */
const TRIES = 50;

export interface PortsInput {
  readonly dataDir: string;
  /** By name, from the command line: taken, it is an error. */
  readonly api: number | null;
  /** The last `up` of this data directory was killed: its processes may be ending right now. */
  readonly afterKill: boolean;
}

/** Links in comments and pages that people have open go on working after a restart: an `up` keeps its ports while they are free. */
export async function reservePorts({ dataDir, api, afterKill }: PortsInput): Promise<ReservedPorts> {
  const file = join(dataDir, 'ports.json');
  const before = existsSync(file) ? portsFile.safeParse(JSON.parse(readFileSync(file, 'utf8'))) : null;
  const wanted = before?.success === true ? before.data : USUAL;
  const patienceMs = afterKill && before?.success === true ? PATIENCE_MS : 0;
  const reserved = {
    api: api === null ? await reservePort(wanted.api, { patienceMs }) : await reserveExactly(api, patienceMs),
    temporal: await reservePort(wanted.temporal, { patienceMs }),
    temporalUi: await reservePort(wanted.temporalUi, { patienceMs }),
    model: await reservePort(wanted.model, { patienceMs }),
  };
  writeFileSync(`${file}.tmp`, `${JSON.stringify(numbers(reserved))}\n`, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
  return reserved;
}

export function numbers(reserved: ReservedPorts): Ports {
  return {
    api: reserved.api.port,
    temporal: reserved.temporal.port,
    temporalUi: reserved.temporalUi.port,
    model: reserved.model.port,
  };
}

/** The wanted port of 127.0.0.1 if it is free, else one that the system gives. */
export async function reservePort(
  wanted: number,
  { patienceMs = 0 }: { readonly patienceMs?: number } = {},
): Promise<ReservedPort> {
  const reserved = (await tryPort(wanted, patienceMs)) ?? (await anyPort());
  if (reserved === null) throw new Error('the system has no free port on 127.0.0.1');
  return reserved;
}

async function reserveExactly(port: number, patienceMs: number): Promise<ReservedPort> {
  const reserved = await tryPort(port, patienceMs);
  if (reserved !== null) return reserved;
  throw new Error(`port ${port} is taken: stop what listens there, or leave --port out to take a free one`);
}

async function anyPort(): Promise<ReservedPort | null> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const reserved = await claimAt(0);
    if (reserved !== null) return reserved;
  }
  return null;
}

async function tryPort(port: number, patienceMs: number): Promise<ReservedPort | null> {
  for (const end = Date.now() + patienceMs; ;) {
    const reserved = await claimAt(port);
    if (reserved !== null || Date.now() >= end) return reserved;
    await delay(LOOK_EVERY_MS);
  }
}

/** Claims are kept to the end of this process, and given up by the kernel with it. */
const claims = new Map<number, FileLock>();

async function claimAt(port: number): Promise<ReservedPort | null> {
  const reserved = await listenAt(port);
  if (reserved === null || claims.has(reserved.port)) return reserved;
  const folder = join(tmpdir(), `lamplighter-ports-${userInfo().uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const claim = lockFile(join(folder, String(reserved.port)));
  if (claim === null) {
    await reserved.release();
    return null;
  }
  claims.set(reserved.port, claim);
  return reserved;
}

function listenAt(port: number): Promise<ReservedPort | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    // A reservation that nobody uses must not keep this process alive.
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const given = typeof address === 'object' && address !== null ? address.port : port;
      resolve({ port: given, release: () => close(server) });
    });
  });
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  await closed;
}
