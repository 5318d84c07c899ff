/** Somebody else at the monitor: a person with socat, a tool that hangs. QEMU serves one client at a time, and nobody else is heard. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type LabHost, vmid } from './lab-host.ts';

export interface Held {
  release(): Promise<void>;
}

/** Resolves when the monitor has greeted, so that it serves this client and no other. */
export async function holdMonitor(host: LabHost, id = vmid): Promise<Held> {
  const socket: Socket = connect(host.path('run', `${id}.qmp`));
  socket.on('error', () => socket.destroy());
  await once(socket, 'data');
  return {
    async release() {
      if (socket.destroyed) return;
      socket.destroy();
      await once(socket, 'close');
    },
  };
}
