/** A lock that the kernel gives up with the process, however it dies: SQLite's own exclusive lock on a file of ours. */
import { DatabaseSync } from 'node:sqlite';

export interface FileLock {
  release(): void;
}

/** Null when another holder has it, in this process or another. */
export function lockFile(path: string): FileLock | null {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && error.message.includes('locked')) return null;
    throw error;
  }
  return { release: () => database.close() };
}
