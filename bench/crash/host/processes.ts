/** The script's processes, as the kernel lists them, and their deaths. */
import { readdirSync, readFileSync } from 'node:fs';
import type { LabHost } from '../../../test/lab/lab-host.ts';
import { lateQm } from './late-qm.ts';

export type Role = 'script' | 'runner' | 'resumer';

export interface Found {
  readonly pid: number;
  readonly role: Role;
}

const ROLES: Readonly<Record<string, Role>> = { '--run': 'runner', '--resume': 'resumer' };

function readOrGone(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}

interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly session: number;
}

function statOf(pid: number): Stat | null {
  const [, state = '', , , session = ''] = /\) (\S) (\d+) (\d+) (\d+)/.exec(readOrGone(`/proc/${pid}/stat`)) ?? [];
  return state === '' || state === 'Z' ? null : { pid, state, session: Number(session) };
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Of this host alone: its configuration is in each of their command lines. Their forks, which share it, are in their sessions. */
export function processesOf(host: LabHost): Found[] {
  return pids().flatMap((pid) => {
    const words = readOrGone(`/proc/${pid}/cmdline`).split('\0');
    const at = words.indexOf(host.config);
    if (at < 1 || words[at - 1] !== '--config' || statOf(pid)?.session !== pid) return [];
    return [{ pid, role: ROLES[words[at + 1] ?? ''] ?? 'script' }];
  });
}

/** Whether it lived until now. */
export function kill(pid: number): boolean {
  const lived = statOf(pid) !== null;
  try {
    process.kill(pid, 'SIGKILL');
    return lived;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

export interface KilledSession {
  /** Whether its leader lived until now. */
  readonly lived: boolean;
  /** A QEMU that had not left the session of whoever started it died with it: it never came to be a running machine. */
  readonly unborn: boolean;
}

/** A process and all that it started and that is still in its session, as systemd kills a unit: until none is left. */
export function killSession(leader: number): KilledSession {
  const lived = kill(leader);
  let unborn = false;
  for (;;) {
    const left = pids().filter((pid) => statOf(pid)?.session === leader);
    if (left.length === 0) return { lived, unborn };
    for (const pid of left) {
      unborn ||= readOrGone(`/proc/${pid}/cmdline`).split('\0').includes('-pidfile');
      kill(pid);
    }
  }
}

export interface KilledByName {
  readonly leaders: readonly Role[];
  /** Whether a `qm stop` that one of them waited for lived on. */
  readonly leftStop: boolean;
}

/** As `pkill -9 -f` with the script's name, again until it finds nobody: forks and whoever keeps a command too, and no `qm`. */
export function killByName(host: LabHost): KilledByName {
  const leaders = processesOf(host);
  const lines = (): [number, string[]][] => pids().map((pid) => [pid, readOrGone(`/proc/${pid}/cmdline`).split('\0')]);
  const lived = new Map(leaders.map(({ pid }) => [pid, statOf(pid) !== null]));
  for (;;) {
    const found = lines().filter(([pid, words]) => isNamed(host, words) && statOf(pid) !== null);
    if (found.length === 0) break;
    for (const [pid] of found) kill(pid);
  }
  const leftStop = lines().some(
    ([pid, words]) => words.includes(lateQm(host)) && words.includes('stop') && statOf(pid) !== null,
  );
  return { leaders: leaders.filter(({ pid }) => lived.get(pid)).map(({ role }) => role), leftStop };
}

function isNamed(host: LabHost, words: readonly string[]): boolean {
  if (words[words.indexOf(host.config) - 1] === '--config') return true;
  return words.some((word) => word.endsWith('/libexec/bounded')) && words.some((word) => word.startsWith(host.root));
}
