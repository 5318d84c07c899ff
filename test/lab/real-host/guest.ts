/** The guest as whoever lives in it meets it. Health is banner, a real command over SSH, and a disk that moves: never a label. */
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { EventMonitor } from './monitor.ts';

const run = promisify(execFile);

export interface Guest {
  readonly port: number;
  /** The private key that it lets in as root. */
  readonly key: string;
  /** Runs a command over SSH, with a login that is written to the disk before it. Throws when it fails or takes too long. */
  exec(command: string, withinMs?: number): Promise<string>;
  /** The first line that whoever listens on the SSH port says, or null: a forwarder accepts connections for nobody. */
  banner(withinMs?: number): Promise<string | null>;
  /** Operations on the disk that QEMU has seen to their end. */
  operations(): Promise<number>;
  bootId(): Promise<string>;
  /** Resolves when banner, exec and counters all say so; throws what was missing otherwise. */
  isWell(withinMs?: number): Promise<void>;
}

interface BlockStats {
  stats: { rd_operations: number; wr_operations: number };
}

export function guestAt(port: number, key: string, monitor: EventMonitor): Guest {
  // The guest's host key is made at its first boot and nothing secret goes there: it is on this machine's loopback, and ours.
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'];
  const words = [
    '-F',
    'none',
    '-i',
    key,
    '-p',
    String(port),
    ...options.flatMap((one) => ['-o', one]),
    'root@127.0.0.1',
  ];

  const exec = async (command: string, withinMs = 10_000): Promise<string> =>
    (await run('ssh', [...words, command], { timeout: withinMs, killSignal: 'SIGKILL' })).stdout;

  async function operations(): Promise<number> {
    const disks = (await monitor.ask('query-blockstats')) as BlockStats[];
    return disks.reduce((sum, { stats }) => sum + stats.rd_operations + stats.wr_operations, 0);
  }

  async function whatIsMissing(): Promise<string | null> {
    if ((await banner(port, 2_000)) === null) return 'no SSH banner came';
    const said = await exec('cat /data/heartbeat').catch((error: unknown) => String(error));
    if (!/^\d+\.\d+ /.test(said)) return `no command ran over SSH: ${said}`;
    const before = await operations();
    for (let look = 0; look < 30; look += 1) {
      if ((await operations()) > before) return null;
      await delay(100);
    }
    return 'the counters of the disk did not move for 3 s';
  }

  return {
    port,
    key,
    exec,
    operations,
    banner: (withinMs = 2_000) => banner(port, withinMs),
    bootId: async () => (await exec('cat /proc/sys/kernel/random/boot_id')).trim(),
    async isWell(withinMs = 90_000) {
      const deadline = performance.now() + withinMs;
      for (;;) {
        const missing = await whatIsMissing();
        if (missing === null) return;
        if (performance.now() > deadline) throw new Error(`the guest is not well after ${withinMs} ms: ${missing}`);
        await delay(100);
      }
    },
  };
}

function banner(port: number, withinMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let said = '';
    const settle = (line: string | null): void => {
      socket.destroy();
      resolve(line);
    };
    socket.setTimeout(withinMs, () => settle(null));
    socket.on('error', () => settle(null));
    socket.on('close', () => settle(null));
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
      if (said.includes('\n')) settle(said.startsWith('SSH-') ? said.trim() : null);
    });
  });
}
