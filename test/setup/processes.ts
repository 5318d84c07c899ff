import { readdirSync, readFileSync } from 'node:fs';

/** Ids of the processes whose command line holds the mark. */
export function processesNaming(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
    } catch {
      // It ended while we looked.
      return false;
    }
  });
}
