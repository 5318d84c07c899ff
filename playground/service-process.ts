/**
 * One running release, in a sandbox of its own: an agent wrote it, so it sees its release read-only and nothing else of
 * this machine. It shares the loopback network, because serving on a port is what it is for; it dies with the host.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { tailOf } from '../domain/text.ts';

export interface ServiceProcess {
  readonly sha: string;
  /** Resolves when it has ended, with its last words. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

export type Started =
  | { readonly ok: true; readonly service: ServiceProcess }
  | { readonly ok: false; readonly reason: string };

const READY_MS = 10_000;
const LOOK_EVERY_MS = 25;
const KEPT_CHARS = 2_000;

/** Started means that it answers with its own version on the port. */
export async function startService(release: string, sha: string, port: number): Promise<Started> {
  const child = launch(release, port);
  const service = watchOver(child, sha);
  let words: string | null = null;
  void service.ended.then((last) => {
    words = last;
  });
  let seen = 'nothing';
  for (const end = Date.now() + READY_MS; Date.now() < end;) {
    if (words !== null) return { ok: false, reason: `${sha.slice(0, 10)} ended at start: ${String(words)}` };
    seen = await versionAt(port);
    if (seen === sha && words === null) return { ok: true, service };
    await pause(LOOK_EVERY_MS);
  }
  await service.stop();
  return { ok: false, reason: `${sha.slice(0, 10)} did not answer as itself within ${READY_MS / 1000} s, but ${seen}` };
}

function launch(release: string, port: number): ChildProcess {
  const node = dirname(process.execPath);
  const system = ['/usr', '/bin', '/lib', '/lib64', '/etc/ssl'].flatMap((path) => ['--ro-bind-try', path, path]);
  const environment = Object.entries({
    NODE_ENV: 'production',
    PORT: String(port),
    PATH: `${node}:/usr/bin:/bin`,
    HOME: '/tmp',
  });
  return spawn(
    'bwrap',
    [
      '--unshare-all',
      '--share-net',
      '--die-with-parent',
      '--new-session',
      '--clearenv',
      ...system,
      '--proc',
      '/proc',
      '--dev',
      '/dev',
      '--tmpfs',
      '/tmp',
      '--ro-bind',
      node,
      node,
      '--ro-bind',
      release,
      '/service',
      '--chdir',
      '/service',
      ...environment.flatMap(([name, value]) => ['--setenv', name, value]),
      process.execPath,
      'server.mjs',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '/usr/local/bin:/usr/bin:/bin' } },
  );
}

function watchOver(child: ChildProcess, sha: string): ServiceProcess {
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = tailOf(output + chunk.toString('utf8'), KEPT_CHARS);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`it could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(`${signal ?? `code ${code}`}. ${lastWords(output)}`));
  });
  return {
    sha,
    ended,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const gone = once(child, 'close');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** The line that names the error; a stack says little to a person. */
function lastWords(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.findLast((line) => line !== '') ?? 'It said nothing';
}

function versionAt(port: number): Promise<string> {
  return new Promise((resolve) => {
    const asked = get({ host: '127.0.0.1', port, path: '/healthz', agent: false, timeout: 1_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body = (body + chunk).slice(0, 10_000);
      });
      response.on('error', () => resolve('a cut answer'));
      response.on('end', () =>
        resolve(/"version":\s*"([^"]+)"/.exec(body)?.[1] ?? `no version (${response.statusCode})`),
      );
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve('no answer'));
  });
}
