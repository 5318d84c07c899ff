/** Calls the real script as sshd would: the identity in its arguments, the client's words in one variable of the environment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type BreakglassResult, breakglassResultSchema } from '../../config/breakglass-result.ts';
import type { Identity } from '../../domain/breakglass/verb.ts';
import type { LabHost } from '../lab/lab-host.ts';

export type { Identity };

export const script = fileURLToPath(new URL('../../host/breakglass-host', import.meta.url));

export interface Answer {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The one document; throws when stdout holds anything else than the published schema says. */
  document: () => BreakglassResult;
}

export function start(
  host: LabHost,
  identity: Identity,
  request: string | undefined,
  env: Record<string, string> = {},
): ChildProcess {
  const words = request === undefined ? {} : { SSH_ORIGINAL_COMMAND: request };
  return spawn(script, ['--config', host.config, identity], {
    env: { PATH: process.env['PATH'], SSH_CONNECTION: '192.0.2.7 50000 192.0.2.1 22', ...words, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function answerOf(child: ChildProcess): Promise<Answer> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr, document: () => breakglassResultSchema.parse(JSON.parse(stdout)) };
}

export function call(
  host: LabHost,
  identity: Identity,
  request?: string,
  env: Record<string, string> = {},
): Promise<Answer> {
  return answerOf(start(host, identity, request, env));
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export function opId(): string {
  return `01${Array.from({ length: 24 }, () => alphabet[Math.floor(Math.random() * 32)]).join('')}`;
}

/** Waits until something is so; what is not so in time is a failure with its name. */
export async function until(what: string, isSo: () => boolean, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`it took more than ${withinMs} ms until ${what}`);
    await delay(5);
  }
}

export function journal(host: LabHost, op: string): string {
  const file = host.path('state/ops', op, 'journal');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** The process that does the mutating work: it wrote its pid where a person would look for it. */
export function killRunner(host: LabHost): void {
  const file = host.path('state/runner');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8'));
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(host.config)) process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone already: as dead as it was to be.
  }
}

/** What the timer calls. */
export async function resume(host: LabHost): Promise<number | null> {
  return (await answerOf(spawn(script, ['--config', host.config, '--resume'], { stdio: ['ignore', 'pipe', 'pipe'] })))
    .code;
}

/** The exit of an op, however long its client has been gone. */
export async function settled(host: LabHost, op: string): Promise<void> {
  await until(`op ${op} has ended`, () => / end .* ;\n/.test(journal(host, op)));
}
