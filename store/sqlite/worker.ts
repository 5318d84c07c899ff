/** The worker thread that owns the connection: a statement that waits for another process's lock, or for the disk, stops nobody else. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { SqlValue } from '../sql/sql.ts';

export interface WorkerInput {
  readonly file: string;
  readonly busyMs: number;
}

export interface WorkerRequest {
  readonly id: number;
  readonly statement: string;
  readonly params: readonly SqlValue[];
}

export type WorkerReply =
  | { readonly id: number; readonly rows: readonly unknown[] }
  /** `code`: SQLite's own, extended or not; null where the error is not SQLite's. */
  | { readonly id: number; readonly error: string; readonly code: number | null };

if (parentPort === null) throw new Error('store/sqlite/worker.ts is a worker thread: start it through openSqlite');
const port = parentPort;
const { file, busyMs } = workerData as WorkerInput;
const database = new DatabaseSync(file, { timeout: busyMs, enableForeignKeyConstraints: true });
// In WAL mode FULL syncs the log at every commit: what was answered survives the loss of power, not only kill -9.
database.exec('PRAGMA synchronous = FULL');
const statements = new Map<string, StatementSync>();

port.on('message', (request: WorkerRequest | 'close') => {
  if (request === 'close') {
    database.close();
    port.close();
    return;
  }
  port.postMessage(answer(request));
});

function answer({ id, statement, params }: WorkerRequest): WorkerReply {
  try {
    // A full disk or an I/O error rolls back by itself, and then there is nothing left to roll back.
    if (statement === 'ROLLBACK' && !database.isTransaction) return { id, rows: [] };
    return { id, rows: prepare(statement).all(...params) };
  } catch (error) {
    const code =
      error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null;
    return { id, error: error instanceof Error ? error.message : String(error), code };
  }
}

function prepare(statement: string): StatementSync {
  const known = statements.get(statement);
  if (known !== undefined) return known;
  const prepared = database.prepare(statement);
  statements.set(statement, prepared);
  return prepared;
}
