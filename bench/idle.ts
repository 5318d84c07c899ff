/**
 * What a `lamplighter up` takes that has nothing to do: the playground is played, its frozen run is abandoned, the repos' own workers idle out;
 * then memory is read and processor time is counted over a minute. A process of its own, started by bench.ts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { operatorToken, readUpFile } from '../cli/up/data-dir.ts';
import { cpuTimeOf } from '../test/setup/cpu-time.ts';
import { answerWith, rounded } from './answer.ts';

export interface IdleInput {
  /** Minutes over which processor time is counted. */
  readonly runs: number;
}

export interface ProcessFigures {
  /** Resident, in megabytes (10^6 bytes): all of it, and without what is shared with other processes (proportional share). */
  readonly residentMb: number;
  readonly proportionalMb: number;
  /** Of one core, in per cent. */
  readonly cpuPercent: number;
}

export interface IdleFigures {
  readonly how: string;
  /** Worker and api together: what the bar of 350 MB is about. */
  readonly workerAndApiMb: number;
  /** All processes of ours, Temporal and the playground's apart: what the bar of 3 % is about. */
  readonly oursCpuPercent: number;
  readonly processes: Readonly<Record<string, ProcessFigures>>;
}

const HOW =
  'a fresh playground is played (two issues ship, one run freezes and is abandoned); 90 s later, when the workers of its repos have idled out, ' +
  'memory is read from /proc/PID/smaps_rollup (Rss, Pss) and processor time counted from /proc/PID/stat over the minutes asked for (--runs)';

/** A repo's worker idles out after a minute. */
const SETTLED_MS = 90_000;
const OURS: readonly string[] = ['up', 'worker', 'api'];
const MAIN = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

interface Run {
  readonly id: string;
  readonly stage: string;
  readonly outcome: string | null;
}

async function measure({ runs: minutes }: IdleInput): Promise<IdleFigures> {
  const dataDir = mkdtempSync(join(tmpdir(), 'lamplighter-idle-'));
  const up = spawn(process.execPath, [MAIN, 'up', '--data-dir', dataDir], { stdio: ['ignore', 2, 2] });
  const ended = once(up, 'exit');
  try {
    await Promise.race([untilPlayed(dataDir), ended.then(() => Promise.reject(new Error('up ended')))]);
    await delay(SETTLED_MS);
    const pids = { up: up.pid ?? 0, ...readUpFile(dataDir)?.processes };
    const before = cpuOf(pids);
    await delay(minutes * 60_000);
    const after = cpuOf(pids);
    return figuresOf(pids, (name) => (after[name] ?? Number.NaN) - (before[name] ?? Number.NaN), minutes * 60);
  } finally {
    up.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function untilPlayed(dataDir: string): Promise<void> {
  const url = await until(() => readUpFile(dataDir)?.url);
  const headers = { authorization: `Bearer ${operatorToken(dataDir)}`, 'content-type': 'application/json' };
  const get = async (path: string): Promise<{ runs: Run[] }> => {
    const answer = await fetch(`${url}${path}`, { headers });
    return (await answer.json()) as { runs: Run[] };
  };
  const frozen = await until(async () => {
    const { runs } = await get('/api/runs');
    return runs.filter((run) => run.outcome === 'shipped').length === 2
      ? runs.find((run) => run.stage === 'frozen')
      : undefined;
  });
  const body = JSON.stringify({ id: 'idle-bench', kind: 'unfreeze', way: 'abandon', note: 'measured idle' });
  const answer = await fetch(`${url}/api/runs/${frozen.id}/acts`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`the frozen run could not be abandoned: ${answer.status} ${await answer.text()}`);
  await until(async () => ((await get('/api/runs?open')).runs.length === 0 ? true : undefined));
}

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await delay(250);
  }
}

type Pids = Readonly<Record<string, number>>;

function figuresOf(pids: Pids, cpuSeconds: (name: string) => number, seconds: number): IdleFigures {
  const processes = Object.fromEntries(
    Object.entries(pids).map(([name, pid]): [string, ProcessFigures] => [
      name,
      { ...memoryOf(pid), cpuPercent: rounded((cpuSeconds(name) / seconds) * 100, 1) },
    ]),
  );
  const sum = (names: readonly string[], key: keyof ProcessFigures): number =>
    rounded(
      names.reduce((all, name) => all + (processes[name]?.[key] ?? Number.NaN), 0),
      1,
    );
  return {
    how: HOW,
    workerAndApiMb: sum(['worker', 'api'], 'residentMb'),
    oursCpuPercent: sum(OURS, 'cpuPercent'),
    processes,
  };
}

function memoryOf(pid: number): Pick<ProcessFigures, 'residentMb' | 'proportionalMb'> {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mb = (name: string): number =>
    rounded((Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(rollup)?.[1]) * 1_024) / 1e6, 1);
  return { residentMb: mb('Rss'), proportionalMb: mb('Pss') };
}

/** Seconds of processor time by name, of the process itself. */
function cpuOf(pids: Pids): Record<string, number> {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuTimeOf(pid).own / 1_000]));
}

answerWith(measure);
