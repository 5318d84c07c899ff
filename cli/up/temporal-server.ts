/** The embedded Temporal: the official CLI's dev server with a database file in write-ahead mode (kill -9 safe; power-loss safe as far as synchronous=1 goes). */
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ChildSpec } from './child.ts';
import type { ReservedPort } from './ports.ts';

export interface TemporalPlace {
  readonly executable: string;
  readonly dataDir: string;
  readonly port: ReservedPort;
  readonly uiPort: ReservedPort;
}

export function temporalServer(place: TemporalPlace): ChildSpec {
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
      join(place.dataDir, 'temporal.db'),
      '--sqlite-pragma',
      'journal_mode=wal',
      '--sqlite-pragma',
      'synchronous=1',
      '--log-level',
      'error',
    ],
    env: { HOME: place.dataDir, PATH: '/usr/bin:/bin', TEMPORAL_DISABLE_ENV: '1' },
    ready: (signal) => untilListening(place.port.port, signal),
    ports: [place.port, place.uiPort],
  };
}

async function untilListening(port: number, signal: AbortSignal): Promise<void> {
  while (!(await answers(port))) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
