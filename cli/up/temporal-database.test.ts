import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeHalfMade } from './temporal-database.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-temporal-db-'));
  file = join(dir, 'temporal.db');
});
afterEach(() => rmSync(dir, { recursive: true }));

function database(...statements: readonly string[]): DatabaseSync {
  const opened = new DatabaseSync(file);
  opened.exec(['PRAGMA journal_mode = WAL', ...statements].join(';'));
  return opened;
}

describe("Temporal's database before the server starts", () => {
  it.each([
    ['with some of its tables', 'CREATE TABLE shards (id INTEGER)'],
    ['with its tables and no namespace', 'CREATE TABLE namespaces (id TEXT)'],
  ])('%s was left by a death in its making, and is thrown away', (_of, statement) => {
    database(statement).close();
    writeFileSync(`${file}-wal`, '');

    removeHalfMade(file);

    expect([existsSync(file), existsSync(`${file}-wal`)]).toEqual([false, false]);
  });

  it('with a namespace is kept: it may hold runs', () => {
    database('CREATE TABLE namespaces (id TEXT)', "INSERT INTO namespaces VALUES ('default')").close();

    removeHalfMade(file);

    expect(existsSync(file)).toBe(true);
  });

  it('that cannot be read is kept: that is for the server to say', () => {
    writeFileSync(file, 'this is no database, and somebody may want it back '.repeat(30));
    removeHalfMade(file);
    expect(existsSync(file)).toBe(true);
  });

  it('that another process holds is kept', () => {
    const other = database('CREATE TABLE shards (id INTEGER)', 'PRAGMA locking_mode = EXCLUSIVE', 'BEGIN EXCLUSIVE');
    removeHalfMade(file);
    expect(existsSync(file)).toBe(true);
    other.close();
  });
});
