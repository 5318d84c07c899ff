import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { numbers, reservePort, reservePorts, type ReservedPort, type ReservedPorts } from './ports.ts';

let dataDir: string;
const listening: Server[] = [];
const held: ReservedPort[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'lamplighter-ports-'));
});

afterEach(async () => {
  for (const port of held.splice(0)) await port.release();
  for (const server of listening.splice(0)) server.close();
  rmSync(dataDir, { recursive: true });
});

async function occupy(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  listening.push(server);
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}

async function reserveAll(api: number | null = null, afterKill = false): Promise<ReservedPorts> {
  const reserved = await reservePorts({ dataDir, api, afterKill });
  held.push(...Object.values(reserved));
  return reserved;
}

async function giveBack(reserved: ReservedPorts): Promise<void> {
  for (const port of Object.values(reserved)) await port.release();
}

describe('reservePorts', () => {
  it('takes a free port where the wanted one is taken', async () => {
    const taken = portOf(await occupy(0));

    const reserved = await reservePort(taken);
    held.push(reserved);

    expect(reserved.port).not.toBe(taken);
  });

  it('holds a port until the process that wants it starts: two at once never get the same', async () => {
    const first = await reserveAll();
    const second = await reserveAll();

    expect(new Set([...Object.values(numbers(first)), ...Object.values(numbers(second))]).size).toBe(8);
    await first.api.release();
    await occupy(first.api.port);
  });

  it('never takes a port that another living up has claimed, also while nothing listens there', async () => {
    const mine = await reservePort(0);
    await mine.release();
    const script = `const { reservePort } = await import(${JSON.stringify(new URL('ports.ts', import.meta.url).href)});
      process.stdout.write(String((await reservePort(${mine.port})).port));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);

    expect(Number(stdout)).toBeGreaterThan(0);
    expect(Number(stdout)).not.toBe(mine.port);
  });

  it('refuses an explicit port that is taken, and says what to do', async () => {
    const taken = portOf(await occupy(0));

    await expect(reserveAll(taken)).rejects.toThrow(`port ${taken} is taken: stop what listens there, or leave --port`);
  });

  it('keeps the ports of a data directory over a restart, so that links go on working', async () => {
    const before = await reserveAll();
    await giveBack(before);

    expect(numbers(await reserveAll())).toEqual(numbers(before));
  });

  it('waits for the processes of a killed up to give their ports back', async () => {
    const before = await reserveAll();
    await giveBack(before);
    const dying = await occupy(before.api.port);
    setTimeout(() => dying.close(), 150);

    expect((await reserveAll(null, true)).api.port).toBe(before.api.port);
  });
});
