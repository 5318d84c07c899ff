/**
 * The processes of one `up`: started in order, restarted when they die, ended in reverse order. Each dies with this
 * process even when it is killed with SIGKILL: by the kernel's parent-death signal, and the Node ones by their IPC channel.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Resolves when the child can serve; rejects with what to do when it can't. Node children say so over IPC. */
  readonly ready: 'ipc' | ((signal: AbortSignal) => Promise<void>);
}

export interface ChildrenDeps {
  readonly logDir: string;
  readonly say: (line: string) => void;
}

const READY_MS = 60_000;
const DRAIN_MS = 20_000;
const LONGEST_PAUSE_MS = 10_000;
/** A child that lived this long has earned a quick restart. */
const STEADY_MS = 60_000;

interface Running {
  readonly spec: ChildSpec;
  process: ChildProcess;
  startedAt: number;
  deaths: number;
}

export interface Children {
  start(spec: ChildSpec): Promise<void>;
  pid(name: string): number | null;
  /** Ends all, newest first: SIGTERM, then SIGKILL after the drain. */
  stop(): Promise<void>;
  /** No more drain: SIGKILL now. */
  kill(): void;
}

export function createChildren(deps: ChildrenDeps): Children {
  const running: Running[] = [];
  let stopping = false;
  mkdirSync(deps.logDir, { recursive: true, mode: 0o700 });

  async function start(spec: ChildSpec): Promise<void> {
    const process = launch(spec, deps.logDir);
    const child: Running = { spec, process, startedAt: Date.now(), deaths: 0 };
    running.push(child);
    process.once('exit', (code, signal) => onDeath(child, code, signal));
    await untilReady(spec, process, deps.logDir);
  }

  function onDeath(child: Running, code: number | null, signal: string | null): void {
    if (stopping) return;
    child.deaths = Date.now() - child.startedAt > STEADY_MS ? 1 : child.deaths + 1;
    const pause = Math.min(200 * 2 ** (child.deaths - 1), LONGEST_PAUSE_MS);
    deps.say(
      `${child.spec.name} died (${signal ?? `code ${code}`}); starting it again in ${pause} ms. Its log: ${logFile(deps.logDir, child.spec)}`,
    );
    setTimeout(() => revive(child), pause);
  }

  function revive(child: Running): void {
    if (stopping) return;
    child.process = launch(child.spec, deps.logDir);
    child.startedAt = Date.now();
    child.process.once('exit', (code, signal) => onDeath(child, code, signal));
  }

  return {
    start,
    pid: (name) => running.find((child) => child.spec.name === name)?.process.pid ?? null,
    async stop() {
      stopping = true;
      for (const child of running.toReversed()) await end(child.process);
    },
    kill() {
      stopping = true;
      for (const child of running) child.process.kill('SIGKILL');
    },
  };
}

function logFile(logDir: string, spec: ChildSpec): string {
  return join(logDir, `${spec.name}.log`);
}

function launch(spec: ChildSpec, logDir: string): ChildProcess {
  const stdio =
    spec.ready === 'ipc' ? (['ignore', 'pipe', 'pipe', 'ipc'] as const) : (['ignore', 'pipe', 'pipe'] as const);
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', spec.command, ...spec.args], {
    env: { ...spec.env },
    stdio: [...stdio],
  });
  const log = createWriteStream(logFile(logDir, spec), { flags: 'a', mode: 0o600 });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.once('close', () => log.end());
  return child;
}

async function untilReady(spec: ChildSpec, child: ChildProcess, logDir: string): Promise<void> {
  const abort = new AbortController();
  const timer = setTimeout(
    () => abort.abort(new Error(`${spec.name} was not ready after ${READY_MS / 1000} s`)),
    READY_MS,
  );
  const died = once(child, 'exit', { signal: abort.signal }).then(([code, signal]) => {
    throw new Error(`${spec.name} ended at start (${String(signal ?? `code ${code}`)}); read ${logFile(logDir, spec)}`);
  });
  const ready = spec.ready === 'ipc' ? once(child, 'message', { signal: abort.signal }) : spec.ready(abort.signal);
  try {
    await Promise.race([ready, died]);
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    clearTimeout(timer);
    // The loser of the race is only a listener: it must not reject unheard.
    died.catch(() => undefined);
    Promise.resolve(ready).catch(() => undefined);
    abort.abort();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), DRAIN_MS);
  await gone;
  clearTimeout(timer);
}
