import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Long enough for any honest holder: a held section reads and writes one small file. */
const WAIT_MS = 10_000;

/**
 * Runs `work` while no other process runs one in the same folder. The lock is SQLite's own exclusive lock on a file of
 * ours, so the kernel gives it up with the process, however that dies. `work` is synchronous: nothing of this process
 * comes between either.
 */
export function holdingFolder<T>(folder: string, work: () => T): T {
  const database = new DatabaseSync(join(folder, '.lamplighter.lock'));
  try {
    database.exec(`PRAGMA busy_timeout = ${WAIT_MS}`);
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      throw new Error(
        `the issue folder ${folder} could not be locked within ${WAIT_MS / 1000} s: end the process that holds it`,
        { cause: error },
      );
    }
    return work();
  } finally {
    database.close();
  }
}
