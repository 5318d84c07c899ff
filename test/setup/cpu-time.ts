/** Processor time as the kernel counts it, in milliseconds. */
import { readFileSync } from 'node:fs';

export interface CpuTime {
  readonly own: number;
  /** Of every child that it waited for, theirs included. */
  readonly children: number;
}

/** The kernel counts in hundredths of a second wherever we run (`getconf CLK_TCK`). */
const MS_PER_TICK = 10;

export function cpuTimeOf(pid: number | 'self'): CpuTime {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces: fields are counted behind it. utime, stime, cutime, cstime are fields 14 to 17.
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
  return { own: (user + system) * MS_PER_TICK, children: (childUser + childSystem) * MS_PER_TICK };
}
