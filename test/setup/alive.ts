/** Whether a process is still at work, by the process table of Linux. */
import { readFileSync } from 'node:fs';

/** A zombie that nobody has reaped yet is gone for all that matters. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    // ESRCH: it went while it was looked at.
    if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return false;
    throw error;
  }
}
