/** One process of `up`, as it is started: its death signal, its log, its end as a promise. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { ReservedPort } from './ports.ts';

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Resolves when the child can serve; rejects with what to do when it can't. Node children say so over IPC. */
  readonly ready: 'ipc' | ((signal: AbortSignal, pid: number) => Promise<void>);
  /** Held for it until it starts. */
  readonly ports?: readonly ReservedPort[];
}

export interface Launched {
  readonly process: ChildProcess;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** How it ended: a signal, a code, or why it could not be started. Never rejects. */
  readonly ended: Promise<string>;
}

export function launch(spec: ChildSpec, logDir: string): Launched {
  const stdio =
    spec.ready === 'ipc' ? (['ignore', 'pipe', 'pipe', 'ipc'] as const) : (['ignore', 'pipe', 'pipe'] as const);
  const process = spawn('setpriv', ['--pdeathsig', 'KILL', '--', spec.command, ...spec.args], {
    env: { ...spec.env },
    stdio: [...stdio],
  });
  const log = createWriteStream(logFile(logDir, spec), { flags: 'a', mode: 0o600 });
  process.stdout?.pipe(log, { end: false });
  process.stderr?.pipe(log, { end: false });
  process.once('close', () => log.end());
  const ended = new Promise<string>((resolve) => {
    process.once('error', (error) => resolve(error.message));
    process.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  return { process, startedAt: Date.now(), ended };
}

export function isLive({ process }: Launched): boolean {
  return process.pid !== undefined && process.exitCode === null && process.signalCode === null;
}

export function logFile(logDir: string, spec: Pick<ChildSpec, 'name'>): string {
  return join(logDir, `${spec.name}.log`);
}
