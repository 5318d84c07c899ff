/**
 * The lab's qmeventd: each QEMU that is born calls here, on a second monitor, so that nobody who watches or breaks a VM stands in the way
 * of the script under test on the first one. A reset that a person's command caused is written to power.log, for only QEMU tells of it.
 */
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

interface Reply {
  return?: unknown;
  error?: { desc: string };
  event?: string;
  data?: { guest?: boolean };
}

export interface EventMonitor {
  /** One command to the QEMU that runs; throws when there is none, when it refuses, or when it is silent for `withinMs`. */
  ask(command: string, arguments_?: Record<string, unknown>, withinMs?: number): Promise<unknown>;
  /** QEMUs that called, and those of them that went away: counted by themselves, whoever started or ended them. */
  counted(): { born: number; ended: number };
  close(): Promise<void>;
}

interface Caller {
  socket: Socket;
  waiting: ((reply: Reply) => void)[];
}

export async function listenForMachines(root: string): Promise<EventMonitor> {
  const open = new Set<Socket>();
  const counted = { born: 0, ended: 0 };
  let current: Caller | null = null;

  function hear(caller: Caller, reply: Reply): void {
    if (reply.event === 'RESET' && reply.data?.guest === false) appendFileSync(join(root, 'power.log'), 'reset\n');
    if ('return' in reply || 'error' in reply) caller.waiting.shift()?.(reply);
  }

  const server = createServer((socket) => {
    const caller: Caller = { socket, waiting: [] };
    open.add(socket);
    current = caller;
    counted.born += 1;
    socket.on('close', () => {
      counted.ended += 1;
      open.delete(socket);
      if (current === caller) current = null;
      for (const answer of caller.waiting.splice(0)) answer({ error: { desc: 'QEMU ended' } });
    });
    // It was killed: `close` follows.
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket })
      .on('line', (line) => hear(caller, JSON.parse(line) as Reply))
      .on('error', () => socket.destroy());
    // Replies come in the order of the questions; this one is nobody's.
    caller.waiting.push(() => undefined);
    socket.write('{"execute":"qmp_capabilities"}\n');
  });
  server.listen(join(root, 'run/qmeventd.sock'));
  await once(server, 'listening');

  async function ask(command: string, arguments_: Record<string, unknown> = {}, withinMs = 5_000): Promise<unknown> {
    const caller = current;
    if (!caller) throw new Error(`no QEMU has called, so nobody can be asked to ${command}`);
    const reply = await new Promise<Reply>((resolve) => {
      const timer = setTimeout(() => resolve({ error: { desc: `silent for ${withinMs} ms` } }), withinMs);
      caller.waiting.push((said) => {
        clearTimeout(timer);
        resolve(said);
      });
      caller.socket.write(`${JSON.stringify({ execute: command, arguments: arguments_ })}\n`);
    });
    if (reply.error) throw new Error(`${command}: ${reply.error.desc}`);
    return reply.return;
  }

  return {
    ask,
    counted: () => ({ ...counted }),
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
