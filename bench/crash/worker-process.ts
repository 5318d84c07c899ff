/** A worker process over a table, or an api's, as `lamplighter up` starts one: armed with crash points, or killed from here. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ArmedPoint } from '../../activities/effects/crash-point.ts';
import { cacheDir } from '../../config/environment.ts';
import { writeResolvedConfig } from '../../config/resolved.ts';
import type { Table } from './table.ts';

const PROGRAMS = fileURLToPath(new URL('../../workers/', import.meta.url));

export const CRASH_TOKEN = 'crash-runner';

export interface WorkerProcess {
  /** Resolves when it serves, or has died before. */
  readonly ready: Promise<void>;
  readonly isAlive: () => boolean;
  /** Resolves with the place where it died; null: it ended by itself, and is started again as `lamplighter up` does. */
  readonly died: Promise<string | null>;
  kill(): void;
  /** As `up` ends it: it drains what it does. */
  stop(): void;
}

export interface WorkerProcessOptions {
  readonly points: readonly ArmedPoint[];
  readonly program?: 'worker' | 'api';
}

export function startWorkerProcess(
  { config, dir }: Pick<Table, 'config' | 'dir'>,
  { points, program = 'worker' }: WorkerProcessOptions,
): WorkerProcess {
  const markerDir = mkdtempSync(join(dir, 'crashed-'));
  writeFileSync(join(config.dataDir, 'operator.token'), `${CRASH_TOKEN}\n`, { mode: 0o600 });
  const file = writeResolvedConfig(config.dataDir, {
    ...config,
    scenarioDir: null,
    temporalExecutable: null,
    temporalEmbedded: false,
    cacheDir: cacheDir(process.env),
    crashPlan: points.length === 0 ? null : { points, markerDir },
  });
  const logFile = join(dir, `${program}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', '--', process.execPath, join(PROGRAMS, `${program}.ts`), file],
    {
      env: process.env,
      stdio: ['ignore', log, log, 'ipc'],
    },
  );
  closeSync(log);
  const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    ready: Promise.race([once(child, 'message'), gone]).then(() => undefined),
    isAlive: () => isAlive(child),
    died: gone.then(([, signal]) => (signal === 'SIGKILL' ? placeOf(markerDir) : null)),
    kill() {
      if (isAlive(child)) child.kill('SIGKILL');
    },
    stop() {
      child.kill('SIGTERM');
    },
  };
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** The marker of an armed point holds the point's name. */
function placeOf(markerDir: string): string {
  const [marker] = existsSync(markerDir) ? readdirSync(markerDir) : [];
  return marker === undefined ? 'at any moment' : readFileSync(join(markerDir, marker), 'utf8');
}
