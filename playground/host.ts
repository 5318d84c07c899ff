/**
 * The production of one repo of the playground: `node host.ts <live folder> <port>`, a child of `up`. It runs the current release on the
 * port and starts it again when it dies. Asked for another one, it first tries it on a spare port; only a release that
 * answers as itself takes over, so what served goes on serving when the new one can't even start.
 */
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import {
  currentSha,
  flipCurrent,
  readAnswer,
  readRequest,
  releaseDir,
  writeAnswer,
  type DeployRequest,
} from './release.ts';
import { startService, type ServiceProcess } from './service-process.ts';

const LOOK_EVERY_MS = 50;
const REVIVE_AFTER_MS = 500;

interface Host {
  readonly live: string;
  readonly port: number;
  serving: ServiceProcess | null;
  alive: boolean;
  retryAt: number;
}

function say(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

async function serve(host: Host, sha: string): Promise<string | null> {
  await host.serving?.stop();
  host.serving = null;
  host.alive = false;
  const started = await startService(releaseDir(host.live, sha), sha, host.port);
  if (!started.ok) {
    host.retryAt = Date.now() + REVIVE_AFTER_MS;
    return started.reason;
  }
  const { service } = started;
  host.serving = service;
  host.alive = true;
  void service.ended.then((words) => {
    if (host.serving !== service) return;
    host.alive = false;
    host.retryAt = Date.now() + REVIVE_AFTER_MS;
    say(`${sha} ended: ${words}`);
  });
  say(`${sha} serves on port ${host.port}`);
  return null;
}

async function takeOver(host: Host, { sha }: DeployRequest): Promise<string | null> {
  const candidate = await startService(releaseDir(host.live, sha), sha, await sparePort());
  if (!candidate.ok) return candidate.reason;
  await candidate.service.stop();
  await flipCurrent(host.live, sha);
  return serve(host, sha);
}

async function handle(host: Host, request: DeployRequest): Promise<void> {
  const failure = await takeOver(host, request);
  const reason = failure ?? `${request.sha.slice(0, 10)} serves on port ${host.port}`;
  await writeAnswer(host.live, { ...request, outcome: failure === null ? 'started' : 'failed', reason });
  say(`deploy of ${request.sha}: ${reason}`);
}

function sparePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function main(): Promise<void> {
  const [, , live, port] = process.argv;
  if (live === undefined || port === undefined) throw new Error('give the live folder and the port');
  const host: Host = { live, port: Number(port), serving: null, alive: false, retryAt: 0 };
  let stopping = false;
  const stop = (): void => {
    stopping = true;
  };
  process.once('SIGTERM', stop);
  process.once('disconnect', stop);
  // Ctrl-C reaches the whole process group: `up` decides what it means, and sends SIGTERM.
  process.on('SIGINT', () => undefined);

  const first = await currentSha(live);
  const failure = first === null ? 'nothing was released yet' : await serve(host, first);
  if (failure !== null) say(failure);
  process.send?.({ ready: true, sha: host.serving?.sha ?? null });

  let answered = (await readAnswer(live))?.id ?? null;
  while (!stopping) {
    const request = await readRequest(live);
    if (request !== null && request.id !== answered) {
      await handle(host, request);
      answered = request.id;
    }
    const current = await currentSha(live);
    if (current !== null && !host.alive && Date.now() >= host.retryAt) {
      const again = await serve(host, current);
      if (again !== null) say(again);
    }
    await pause(LOOK_EVERY_MS);
  }
  await host.serving?.stop();
  process.exit(0);
}

await main();
