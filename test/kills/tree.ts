/** A process with all that it started, as the kernel tells it: what must be gone when its root was killed. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Seen {
  readonly pid: number;
  /** With its arguments. */
  readonly command: string;
  /** Tells a process from a later one with the same pid. */
  readonly startedAt: string;
}

interface Stat extends Seen {
  readonly parent: number;
  readonly state: string;
}

/** The root and everything below it, as it is now. */
export function treeOf(root: number): Seen[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);
  const found = all.filter(({ pid }) => pid === root);
  for (const parent of found) found.push(...all.filter((one) => one.parent === parent.pid));
  return found;
}

/** Those that still run; a zombie only waits to be counted by its parent. */
export function alive(seen: readonly Seen[]): Seen[] {
  return seen.filter(({ pid, startedAt }) => {
    const stat = statOf(pid);
    return stat !== null && stat.startedAt === startedAt && stat.state !== 'Z';
  });
}

function statOf(pid: number): Stat | null {
  let text: string;
  let command: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch (error) {
    // It ended between being listed and being read.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return null;
    throw error;
  }
  // pid (name) state ppid …, where the name may hold anything but ends at the last bracket; field 22 is the start time.
  const fields = text.replace(/^.*\) /s, '').split(' ');
  return { pid, command, state: fields[0] ?? '', parent: Number(fields[1]), startedAt: fields[19] ?? '' };
}
