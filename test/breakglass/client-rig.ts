/** The power client against a real sshd, with whatever goes wrong on the way in between. */
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { DEADLINES, type Deadlines } from '../../activities/breakglass/deadlines.ts';
import type { Target } from '../../activities/breakglass/exchange.ts';
import { readHostKey } from '../../config/host-key.ts';
import type { PowerHost } from '../../activities/breakglass/port.ts';
import { type PrivateKey, readPrivateKey } from '../../activities/breakglass/private-key.ts';
import { createSshPowerHost } from '../../activities/breakglass/ssh-host.ts';
import type { Identity } from '../host/call.ts';
import type { LabSshd } from '../lab/sshd/sshd.ts';

export function keyIn(file: string): PrivateKey {
  const read = readPrivateKey(readFileSync(file));
  if (!read.ok) throw new Error(`${file}: ${read.why}`);
  return read.key;
}

export function targetOf(sshd: LabSshd, identity: Identity, changed: Partial<Target> = {}): Target {
  const pinned = readHostKey(sshd.hostKey);
  if (!pinned.ok) throw new Error(pinned.why);
  const key = keyIn(sshd.keys[identity]);
  return { host: sshd.host, port: sshd.port, user: sshd.user, hostKey: pinned.key, key, ...changed };
}

/** The product's own, but for the waiting that a test makes short. */
export function deadlinesWith(changed: Partial<Deadlines> = {}): Deadlines {
  return {
    ...DEADLINES,
    ...changed,
    reconcile: { ...DEADLINES.reconcile, everyMs: 100, graceMs: 3_000, silenceMs: 15_000, ...changed.reconcile },
  };
}

export function clientOf(target: Target, changed: Partial<Deadlines> = {}): PowerHost {
  return createSshPowerHost({ target, deadlines: deadlinesWith(changed) });
}

/** A wire that can be cut, or go dead without anybody being told. */
export interface Wire {
  readonly port: number;
  /** Connections that were made over it so far. */
  readonly made: () => number;
  /** Those still open towards the client. */
  readonly open: () => number;
  /** Both ends see the connection end. */
  cut(): void;
  /** Nothing goes through any more, and nobody hears of it. */
  deaden(): void;
  close(): Promise<void>;
}

/** `onChunk` sees what the client sends, before it goes on; a false keeps it back for good. */
export async function wireTo(
  port: number,
  onChunk: (chunk: Buffer, connection: number) => boolean = () => true,
  listenAt = 0,
): Promise<Wire> {
  const clients = new Set<Socket>();
  const hosts = new Set<Socket>();
  let made = 0;
  const server = createServer({ noDelay: true }, (client) => {
    made += 1;
    const connection = made;
    const host = connect(port, '127.0.0.1');
    clients.add(client);
    hosts.add(host);
    client.on('data', (chunk: Buffer) => void (onChunk(chunk, connection) && host.write(chunk)));
    host.on('data', (chunk: Buffer) => void client.write(chunk));
    for (const [one, other] of [
      [client, host],
      [host, client],
    ] as const) {
      // Cut ends are what is tested here.
      one.on('error', () => one.destroy());
      one.on('close', () => {
        clients.delete(one);
        hosts.delete(one);
        other.end();
      });
    }
  });
  server.listen(listenAt, '127.0.0.1');
  await once(server, 'listening');
  const destroyAll = (): void => {
    for (const socket of [...clients, ...hosts]) socket.destroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    made: () => made,
    open: () => clients.size,
    cut: destroyAll,
    deaden() {
      for (const socket of [...clients, ...hosts]) socket.pause();
    },
    async close() {
      destroyAll();
      server.close();
      await once(server, 'close');
    },
  };
}
