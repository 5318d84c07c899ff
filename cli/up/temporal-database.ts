/**
 * The dev server makes its schema when it finds no database, statement by statement, and only then its namespaces. Killed in between it
 * leaves a file with which it never starts again. Nothing can be in such a file: it is thrown away.
 */
import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** To be called while no server has the file. */
export function removeHalfMade(file: string): void {
  if (!existsSync(file) || hasNamespaces(file)) return;
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
}

function hasNamespaces(file: string): boolean {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file);
    const table = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'namespaces'").get();
    return table !== undefined && database.prepare('SELECT 1 FROM namespaces LIMIT 1').get() !== undefined;
  } catch {
    // Locked, or no database at all: not ours to throw away. The server itself says what is wrong with it.
    return true;
  } finally {
    database?.close();
  }
}
