/** A Temporal dev server on a free port, its state in memory; the kernel ends it with this process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { findOnPath } from '../../bin/bootstrap/executables.mjs';

const startDeadlineMs = 30_000;
const searchAttributes = [
  'LamplighterRepo=Keyword',
  'LamplighterStage=Keyword',
  'LamplighterIssue=Int',
  'LamplighterFrozen=Bool',
];

export interface DevServer {
  /** host:port */
  readonly address: string;
  stop(): Promise<void>;
}

/** Resolves when it answers. */
export async function startDevServer(program: string): Promise<DevServer> {
  const address = `127.0.0.1:${await freePort()}`;
  const server = startServer(program, address);
  try {
    await answers(server, address);
  } catch (error) {
    await stop(server.child);
    throw error;
  }
  return { address, stop: () => stop(server.child) };
}

interface Server {
  child: ChildProcess;
  output(): string;
}

function startServer(program: string, address: string): Server {
  const port = address.split(':')[1] ?? '';
  const options = [
    '--headless',
    '--ip',
    '127.0.0.1',
    '--port',
    port,
    '--log-level',
    'error',
    '--namespace',
    'lamplighter',
  ];
  const attributes = searchAttributes.flatMap((attribute) => ['--search-attribute', attribute]);
  const command = [program, 'server', 'start-dev', ...options, ...attributes];
  const setpriv = findOnPath('setpriv', process.env['PATH']);
  const [file = program, ...args] = setpriv ? [setpriv, '--pdeathsig', 'KILL', '--', ...command] : command;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(error.message)));
  return { child, output: () => output };
}

/** Answers for the namespace and its search attributes: the port alone opens earlier. */
async function answers(server: Server, address: string): Promise<void> {
  const deadline = Date.now() + startDeadlineMs;
  for (let last = 'not asked yet'; ;) {
    const { exitCode, signalCode } = server.child;
    if (exitCode !== null || signalCode !== null || Date.now() > deadline) {
      const state = exitCode ?? signalCode ?? `no answer in ${startDeadlineMs / 1000} s (${last})`;
      throw new Error(`The Temporal dev server did not come up: ${state}\n${server.output()}`);
    }
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1_000 });
      try {
        const { customAttributes } = await connection.operatorService.listSearchAttributes({
          namespace: 'lamplighter',
        });
        if (customAttributes?.['LamplighterFrozen']) return;
        last = 'search attributes not registered yet';
      } finally {
        await connection.close();
      }
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await delay(100);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  // Its state is in memory and nobody will read it: nothing to shut down in order.
  child.kill('SIGKILL');
  await ended;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free TCP port on 127.0.0.1');
  return address.port;
}
