import { randomUUID } from 'node:crypto';
import { chmodSync, closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Makes an empty database in WAL mode, readable by its owner alone, unless the file is there. The switch to WAL wants the file
 * for itself and does not wait for others, so it is made aside and linked into place: whoever opens the file finds it in WAL mode.
 */
export function createDatabaseFile(file: string): void {
  if (existsSync(file)) return;
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const aside = `${file}.${randomUUID()}.new`;
  try {
    const database = new DatabaseSync(aside);
    database.exec('PRAGMA journal_mode = WAL');
    database.close();
    // SQLite gives the log and the shared memory the mode of the file.
    chmodSync(aside, 0o600);
    linkSync(aside, file);
    syncFolder(folder);
  } catch (error) {
    // Another process made it at the same moment: theirs is as good.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
