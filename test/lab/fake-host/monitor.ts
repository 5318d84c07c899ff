/** The monitor of the fake QEMU: QMP on the socket where Proxmox puts it, its state in files beside it. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export interface Monitor {
  /** `qm start`, as the host's own boot would. */
  startMachine(): Promise<void>;
  close(): Promise<void>;
}

interface Request {
  execute: string;
}

export async function listenAsMonitor(root: string, vmid: string): Promise<Monitor> {
  const file = (name: string): string => join(root, 'machine', name);
  const fault = (name: string): boolean => existsSync(join(root, 'faults', name));
  const lives = (): boolean => existsSync(join(root, 'run', `${vmid}.pid`));
  const open = new Set<Socket>();
  let operations = 100;
  let served: Socket | null = null;
  const waiting: Socket[] = [];

  function statistics(): unknown {
    if (!fault('block-flat')) operations += 7;
    const stats = {
      rd_operations: operations,
      wr_operations: operations,
      rd_bytes: operations * 512,
      wr_bytes: operations * 512,
    };
    return [{ device: 'drive-scsi0', stats }];
  }

  /** A QEMU that shows its disks' rings; the fault's value is how many requests the guest waits for. An old QEMU knows no such command. */
  function ring(request: Request): unknown {
    if (!fault('rings-shown')) return { error: { class: 'CommandNotFound', desc: `no command ${request.execute}` } };
    const path = '/machine/peripheral/virtio0/virtio-backend';
    const waiting = Number(readFileSync(join(root, 'faults/rings-shown'), 'utf8'));
    const answers: Record<string, unknown> = {
      'x-query-virtio': [{ name: 'virtio-blk', path }],
      'x-query-virtio-status': { 'num-vqs': 1 },
      // Both indexes count on and on, and over.
      'x-query-virtio-queue-element': { avail: { idx: (65_534 + waiting) % 65_536 }, used: { idx: 65_534 } },
    };
    return { return: answers[request.execute] };
  }

  function reset(send: (document: unknown) => void): void {
    appendFileSync(join(root, 'power.log'), 'reset\n');
    if (!fault('boot-id-stays')) {
      writeFileSync(file('boot_id'), `${randomUUID()}\n`);
      writeFileSync(file('guest_started'), `${readFileSync(join(root, 'proc/uptime'), 'utf8').split('.')[0]}\n`);
    }
    if (fault('reset-leaves-prelaunch')) writeFileSync(file('runstate'), 'prelaunch\n');
    send({ return: {} });
    const event = { event: 'RESET', data: { guest: false, reason: 'host-qmp-system-reset' } };
    if (!fault('reset-event-missing')) send(event);
  }

  function answer(request: Request, send: (document: unknown) => void): void {
    if (fault('qmp-errors') && request.execute !== 'qmp_capabilities') {
      send({ error: { class: 'GenericError', desc: 'no [such] удача=$(x)' } });
      return;
    }
    switch (request.execute) {
      case 'query-status': {
        const status = readFileSync(file('runstate'), 'utf8').trim();
        send({ return: { status, running: status === 'running' } });
        return;
      }
      case 'query-blockstats':
        send({ return: statistics() });
        return;
      case 'system_reset':
        reset(send);
        return;
      case 'x-query-virtio':
      case 'x-query-virtio-status':
      case 'x-query-virtio-queue-element':
        send(ring(request));
        return;
      case 'query-memory-size-summary':
        send({ return: { 'base-memory': 2 ** 62, 'plugged-memory': 0 } });
        return;
      case 'inject-nmi':
        appendFileSync(join(root, 'nmi.log'), 'nmi\n');
        send({ return: {} });
        return;
      case 'qom-list':
        send({ return: existsSync(file('objects')) ? JSON.parse(readFileSync(file('objects'), 'utf8')) : [] });
        return;
      case 'qom-get':
        send({ return: { 'iops-total': 1, 'iops-total-max': 0, 'iops-total-max-length': 1, 'bps-write': 4096 } });
        return;
      case 'cont':
        writeFileSync(file('runstate'), 'running\n');
        send({ return: {} });
        return;
      default:
        send({ return: {} });
    }
  }

  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // A client that was killed mid-word is what these tests are about.
    socket.on('error', () => socket.destroy());
    if (!lives()) {
      socket.destroy();
      return;
    }
    if (fault('qmp-hangs')) return;
    // As QEMU does: whoever comes second is connected, and hears nothing until the first has gone.
    if (!fault('qmp-serves-one') || served === null) serve(socket);
    else waiting.push(socket);
  });

  function serve(socket: Socket): void {
    served = socket;
    socket.on('close', () => {
      if (served !== socket) return;
      served = null;
      const next = waiting.splice(0).filter((one) => !one.destroyed);
      waiting.push(...next.slice(1));
      if (next[0] !== undefined) serve(next[0]);
    });
    // As QEMU writes: what is beyond ASCII by its number.
    const send = (document: unknown): void =>
      void socket.write(
        `${JSON.stringify(document).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}\r\n`,
      );
    send({ QMP: { version: {}, capabilities: [] } });
    const lines = createInterface({ input: socket }).on('line', (line) => answer(JSON.parse(line) as Request, send));
    // It hands on what happened to the socket.
    lines.on('error', () => socket.destroy());
  }
  server.listen(join(root, 'run', `${vmid}.qmp`));
  await once(server, 'listening');
  return {
    async startMachine() {
      await promisify(execFile)(join(root, 'bin/qm'), ['start', vmid]);
    },
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
