import { readdirSync, readFileSync } from 'node:fs';

/** A process, and those below it that have the same name, without a gap: children of other names end the walk. */
export function descendants(root: number, name: string): number[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    const parent = parentOf(Number(pid), name);
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  const walk = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(walk)];
  return walk(root);
}

/** Null where the process has another name, or ended while we looked. */
function parentOf(pid: number, name: string): number | null {
  try {
    const [, comm, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return comm === name ? Number(parent) : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}
