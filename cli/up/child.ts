/** One process of `up`, as it is started: its death signal, its words, its end as a promise. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_NOT_NOW } from '../../config/exit-codes.ts';
import type { ReservedPort } from './ports.ts';

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Resolves when the child can serve; rejects with what to do when it can't. Node children say so over IPC. */
  readonly ready: 'ipc' | ((signal: AbortSignal, pid: number) => Promise<void>);
  /** Before each of its starts: what a death may have left half made is seen to. */
  readonly prepare?: () => void;
  /** Held for it until it starts. */
  readonly ports?: readonly ReservedPort[];
}

export interface End {
  /** A signal, a code, or why it could not be started. */
  readonly how: string;
  /** It ended by itself and not for a while: to start it again would end the same way. */
  readonly isFinal: boolean;
}

export interface Launched {
  readonly process: ChildProcess;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Never rejects. */
  readonly ended: Promise<End>;
  /** It has ended and all that it said is with the log. */
  readonly drained: Promise<void>;
  /** What it said last, for who has to be told why it ended. */
  lastWords(): string;
}

const TAIL_CHARACTERS = 4_000;
/** Words still on the way when it has ended; whoever else holds its output open is not waited for. */
const LAST_WORDS_MS = 1_000;

export function launch(spec: ChildSpec, log: Writable): Launched {
  const stdio =
    spec.ready === 'ipc' ? (['ignore', 'pipe', 'pipe', 'ipc'] as const) : (['ignore', 'pipe', 'pipe'] as const);
  spec.prepare?.();
  const process = spawn('setpriv', ['--pdeathsig', 'KILL', '--', spec.command, ...spec.args], {
    env: { ...spec.env },
    stdio: [...stdio],
  });
  let tail = '';
  for (const output of [process.stdout, process.stderr]) {
    output?.pipe(log, { end: false });
    output?.on('data', (chunk: Buffer) => {
      tail = `${tail}${chunk.toString()}`.slice(-TAIL_CHARACTERS);
    });
  }
  const ended = new Promise<End>((resolve) => {
    process.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ how: error.message, isFinal: error.code === 'ENOENT' }),
    );
    process.once('exit', (code, signal) =>
      resolve({ how: signal ?? `code ${code}`, isFinal: signal === null && code !== 0 && code !== EXIT_NOT_NOW }),
    );
  });
  const closed = new Promise((resolve) => process.once('close', resolve));
  const drained = ended.then(async () => {
    await Promise.race([closed, delay(LAST_WORDS_MS, undefined, { ref: false })]);
    for (const output of [process.stdout, process.stderr]) output?.unpipe(log);
  });
  return { process, startedAt: Date.now(), ended, drained, lastWords: () => lastWordsOf(tail) };
}

export function isLive({ process }: Launched): boolean {
  return process.pid !== undefined && process.exitCode === null && process.signalCode === null;
}

export function logFile(logDir: string, spec: Pick<ChildSpec, 'name'>): string {
  return join(logDir, `${spec.name}.log`);
}

/** The message of an error rather than its stack; else the last lines, as they are. */
function lastWordsOf(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^\s+at |^Node\.js v\d/.test(line));
  const thrown = lines.findLast((line) => /^\w*Error(?: \[\w+\])?: /.test(line));
  return thrown ?? lines.slice(-3).join(' ');
}
