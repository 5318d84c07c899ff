/** An SSH server that lets anybody in and then behaves as badly as it is told to. It has nothing of the product. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import type { Target } from '../../activities/breakglass/exchange.ts';
import { readHostKey } from '../../config/host-key.ts';
import { keyIn } from './client-rig.ts';

export interface Hostile {
  readonly target: Target;
  /** Requests that it took, in their order. */
  readonly requests: readonly string[];
  /** Connections that are open now. */
  readonly open: () => number;
  close(): Promise<void>;
}

export interface Behaviour {
  /** Default: lets the client in. */
  readonly authentication?: 'accept' | 'never-answer';
  /** Default: opens it. */
  readonly session?: 'accept' | 'reject' | 'never-answer';
  /** Default: takes it. */
  readonly exec?: 'accept' | 'reject' | 'never-answer';
  /** What happens to the request number `count` (from 1). */
  readonly answer?: (channel: ServerChannel, request: string, connection: Connection, count: number) => void;
}

export async function startHostile(behaviour: Behaviour): Promise<Hostile> {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  for (const name of ['host', 'client'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  const pinned = readHostKey(readFileSync(join(folder, 'host.pub'), 'utf8'));
  if (!pinned.ok) throw new Error(pinned.why);
  const requests: string[] = [];
  const server = new ssh2.Server({ hostKeys: [readFileSync(join(folder, 'host'))] }, (connection) =>
    serve(connection, behaviour, requests),
  );
  const listener = await listenOn(server);
  return {
    target: {
      host: '127.0.0.1',
      port: listener.port,
      user: 'root',
      hostKey: pinned.key,
      key: keyIn(join(folder, 'client')),
    },
    requests,
    open: listener.open,
    async close() {
      await listener.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function serve(connection: Connection, behaviour: Behaviour, requests: string[]): void {
  // Clients that hang up are what is tested here.
  connection.on('error', () => undefined);
  connection.on('authentication', (context) => {
    if (behaviour.authentication !== 'never-answer') context.accept();
  });
  connection.on('session', (acceptSession, rejectSession) => {
    if (behaviour.session === 'never-answer') return;
    if (behaviour.session === 'reject') return rejectSession();
    acceptSession().on('exec', (acceptExec, rejectExec, { command }) => {
      requests.push(command);
      if (behaviour.exec === 'never-answer') return;
      if (behaviour.exec === 'reject') return rejectExec();
      const channel = acceptExec();
      channel.on('error', () => undefined);
      behaviour.answer?.(channel, command, connection, requests.length);
    });
  });
}

/** A listener that takes connections and never says a word. */
export async function startSilent(): Promise<{
  readonly port: number;
  readonly open: () => number;
  close(): Promise<void>;
}> {
  // It reads, or it would not see that a client hung up.
  return listenOn(createServer((socket) => void socket.resume()));
}

/** A listener that says these bytes and, where there are none, hangs up. */
export async function startSaying(bytes: string): Promise<Awaited<ReturnType<typeof startSilent>>> {
  return listenOn(
    createServer((socket) => {
      socket.resume();
      if (bytes === '') socket.end();
      else socket.write(Buffer.from(bytes, 'latin1'));
    }),
  );
}

async function listenOn(server: NetServer | ssh2.Server) {
  const sockets = new Set<Socket>();
  // The library's server is a net server within; its sockets are counted as they come.
  const inner = 'injectSocket' in server ? createServer((socket) => server.injectSocket(socket)) : server;
  inner.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  inner.listen(0, '127.0.0.1');
  await once(inner, 'listening');
  return {
    port: (inner.address() as { port: number }).port,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      inner.close();
      await once(inner, 'close');
    },
  };
}
