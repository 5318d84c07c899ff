/** The one way a process is started: argv without a shell, in a process group of its own, bounded in time and output. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { CommandEnd, CommandResult } from './command-result.ts';
import { createBoundedOutput, type BoundedOutput } from './bounded-output.ts';
import { tailOf } from '../../domain/text.ts';

export interface ExecOptions {
  readonly cwd: string;
  /** The whole environment; only `LC_ALL=C` is added where it does not say otherwise, because we read what programs print. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to stdin; without it stdin is empty. */
  readonly input?: string | Uint8Array;
  /** Milliseconds; then the whole process group is ended. */
  readonly wallMs: number;
  readonly signal?: AbortSignal;
  /** Of stdout and of stderr each. */
  readonly keepBytes: number;
  /** One character of stdout for each byte: what it prints is no text, or none that can be trusted to be. */
  readonly bytes?: boolean;
  /** Ended as soon as it has printed more than is kept: a part of it would be no answer. */
  readonly whole?: boolean;
  readonly onOutput?: (chunk: string) => void;
  /** When given, the program gets a pipe at descriptor 3: what it writes there comes here, and the wall clock starts with the first of it. */
  readonly onStatus?: (chunk: string) => void;
  /** Milliseconds until the first of it; then the group is ended as at the wall time. Without a bound when absent. */
  readonly statusMs?: number;
}

/** Between SIGTERM and SIGKILL. A stopped tree must be gone within two seconds. */
const TERM_GRACE_MS = 1_000;
/** How long output may still come after the program itself has ended, when what it started holds the pipes open. */
const DRAIN_MS = 500;
/** What a shell says of a program that it cannot start. */
const NOT_STARTED = 127;
/** Both ends of four pipes and of the one on which a start tells that it failed, and a few that others open meanwhile. */
const DESCRIPTORS_OF_A_START = 14;

/**
 * Never throws for how the program ended: a program that can't be started exits with 127 and says why on stderr.
 * What the program leaves running in its process group is killed. On Linux the program dies with this process.
 */
export async function exec(argv: readonly string[], options: ExecOptions): Promise<CommandResult> {
  if (options.signal?.aborted === true) return emptyResult('aborted', null, '');
  const [program, ...args] = [...boundTo(process.pid), ...argv];
  if (program === undefined || argv.length === 0) throw new Error('exec was called without a program');
  if (!existsSync(options.cwd)) {
    return emptyResult('exited', NOT_STARTED, `${argv[0]}: the folder to run in does not exist: ${options.cwd}\n`);
  }
  const started = await start(program, args, options);
  if (started instanceof Error) return emptyResult('exited', NOT_STARTED, `${argv[0]}: ${started.message}\n`);
  return await follow(started, options, performance.now());
}

/** The running program, or why there is none. Node says the one by an event, the other by throwing: too many descriptors, no memory. */
async function start(program: string, args: readonly string[], options: ExecOptions): Promise<ChildProcess | Error> {
  let child: ChildProcess;
  try {
    leaveRoom();
    child = spawn(program, args, {
      cwd: options.cwd,
      env: { LC_ALL: 'C', ...options.env },
      detached: true,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', options.onStatus ? 'pipe' : 'ignore'],
    });
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return error;
    throw error;
  }
  const failed = new Promise<Error>((resolve) => child.on('error', resolve));
  // After a start that worked an error is about a signal that could not be delivered: the exit tells the end.
  return child.pid === undefined ? await failed : child;
}

/** Node loses the pipes of a start that fails for want of descriptors, so none is begun without room for all of them. Throws as the start would. */
function leaveRoom(): void {
  const held: number[] = [];
  try {
    while (held.length < DESCRIPTORS_OF_A_START) held.push(openSync('/dev/null', 'r'));
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
}

/** Exit 0, or an Error that names the program, its arguments, how it ended and what it said. Answers with stdout. */
export async function execOrThrow(argv: readonly string[], options: ExecOptions): Promise<string> {
  const result = await exec(argv, options);
  if (result.end === 'exited' && result.code === 0) return result.stdout;
  throw new Error(`${argv.join(' ')} ${describeEnd(result, options.wallMs)}`);
}

/** Such as `exited with 128: fatal: not a git repository`. */
export function describeEnd(result: CommandResult, wallMs: number): string {
  const said = tailOf(result.stderr.trim() || result.stdout.trim(), 2_000);
  const words = said === '' ? '' : `: ${said}`;
  switch (result.end) {
    case 'exited':
      return `exited with ${result.code}${words}`;
    case 'timeout':
      return `did not end within ${wallMs / 1_000} s and was stopped${words}`;
    case 'aborted':
      return `was stopped from outside${words}`;
    case 'signalled':
      return `was killed by a signal${words}`;
  }
}

async function follow(child: ChildProcess, options: ExecOptions, startedAt: number): Promise<CommandResult> {
  const stdout = createBoundedOutput(options.keepBytes);
  const stderr = createBoundedOutput(options.keepBytes);
  collect(child.stdout, stdout, options.onOutput);
  collect(child.stderr, stderr, options.onOutput);
  writeInput(child, options.input);
  const stop = createStop(child, options);
  if (options.whole === true)
    child.stdout?.on('data', () => {
      if (stdout.droppedBytes() > 0) stop.now();
    });
  const drained = new Promise<void>((resolve) => child.once('close', () => resolve()));

  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  stop.disarm();
  await endOfOutput(child, drained);

  const end = stop.reason() ?? (code === null ? 'signalled' : 'exited');
  return {
    end,
    code: end === 'exited' ? code : null,
    stdout: stdout.text(options.bytes === true ? 'latin1' : 'utf8'),
    stderr: stderr.text(),
    droppedBytes: stdout.droppedBytes() + stderr.droppedBytes(),
    ms: Math.round(performance.now() - startedAt),
  };
}

/** The program is gone; what it left behind must neither hold us up nor live on. */
async function endOfOutput(child: ChildProcess, drained: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRAIN_MS);
  });
  await Promise.race([drained, grace]);
  clearTimeout(timer);
  signalGroup(child, 'SIGKILL');
  for (const stream of child.stdio) stream?.destroy();
}

/** The wall clock and the caller's signal; either ends the whole group, politely first. */
function createStop(child: ChildProcess, { wallMs, signal, onStatus, statusMs }: ExecOptions) {
  let reason: 'timeout' | 'aborted' | null = null;
  let wall: NodeJS.Timeout | undefined;
  let first: NodeJS.Timeout | undefined;
  let kill: NodeJS.Timeout | undefined;

  function stop(why: 'timeout' | 'aborted'): void {
    if (reason !== null) return;
    reason = why;
    signalGroup(child, 'SIGTERM');
    kill = setTimeout(() => signalGroup(child, 'SIGKILL'), TERM_GRACE_MS);
  }
  const onAbort = (): void => stop('aborted');
  const startWall = (): void => {
    clearTimeout(first);
    wall ??= setTimeout(() => stop('timeout'), wallMs);
  };

  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  if (onStatus === undefined) startWall();
  else {
    if (statusMs !== undefined) first = setTimeout(() => stop('timeout'), statusMs);
    readStatus(child, onStatus, startWall);
  }

  return {
    reason: () => reason,
    now: () => stop('aborted'),
    disarm(): void {
      clearTimeout(wall);
      clearTimeout(first);
      clearTimeout(kill);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

function readStatus(child: ChildProcess, onStatus: (chunk: string) => void, onFirst: () => void): void {
  const status = child.stdio[3] as Readable | null | undefined;
  status?.setEncoding('utf8').on('data', (chunk: string) => {
    onFirst();
    onStatus(chunk);
  });
}

function collect(stream: Readable | null, output: BoundedOutput, onOutput?: (chunk: string) => void): void {
  // Each stream has a decoder of its own: a character cut by a chunk's end must not be completed by the other stream.
  const decoder = new StringDecoder('utf8');
  stream?.on('data', (chunk: Buffer) => {
    output.push(chunk);
    if (onOutput === undefined) return;
    const text = decoder.write(chunk);
    if (text !== '') onOutput(text);
  });
}

function writeInput(child: ChildProcess, input: string | Uint8Array | undefined): void {
  if (input === undefined || child.stdin === null) return;
  // A program may end without reading its input; its exit code says whether that was wrong.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // ESRCH: nobody is left in the group, which is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

let setpriv: string | null | undefined;

/**
 * What a program is started through, so that the kernel ends it when `pid` ends: when the thread that started it does, which in Node is
 * the main one. A starter that was killed before this was so would leave it behind for ever: then another is its parent, and it never runs.
 */
export function boundTo(pid: number): readonly string[] {
  setpriv ??= ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path)) ?? null;
  if (setpriv === null) return [];
  // What the shell itself adds to the environment is taken away again.
  const script = '[ "$PPID" = "$0" ] || exit; unset PWD OLDPWD; exec "$@"';
  return [setpriv, '--pdeathsig', 'KILL', '--', '/bin/sh', '-c', script, String(pid)];
}

function emptyResult(end: CommandEnd, code: number | null, stderr: string): CommandResult {
  return { end, code, stdout: '', stderr, droppedBytes: 0, ms: 0 };
}
