/**
 * SQLite: one file on one host, shared by several processes; WAL, synchronous FULL (power-loss safe), one connection a process.
 * A process runs one transaction at a time, in the order they were asked for; between processes `BEGIN IMMEDIATE` waits up to
 * `BUSY_MS`. One writer at a time means that named locks hold by themselves.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Outage } from '../../domain/outage.ts';
import type { Sql, SqlSession, SqlValue } from '../sql/sql.ts';
import { createDatabaseFile } from './create-file.ts';
import type { WorkerInput, WorkerReply, WorkerRequest } from './worker.ts';

const BUSY_MS = 10_000;

interface Pending {
  readonly statement: string;
  resolve(rows: readonly unknown[]): void;
  reject(error: Error): void;
}

export async function openSqlite(file: string): Promise<Sql> {
  createDatabaseFile(file);
  const connection = await connect(file);
  const inTurn = createLine();
  let closing: Promise<void> | null = null;
  const ask = <T>(work: () => Promise<T>): Promise<T> => {
    if (closing !== null) return Promise.reject(new Error(`the store ${file} is closed`));
    return inTurn(work);
  };

  return {
    query: (statement, params) => ask(() => connection.query(statement, params)),
    transaction: (_locks, work) =>
      ask(async () => {
        await connection.query('BEGIN IMMEDIATE');
        try {
          const result = await work(connection);
          await connection.query('COMMIT');
          return result;
        } catch (error) {
          await connection.query('ROLLBACK');
          throw error;
        }
      }),
    close() {
      closing ??= inTurn(() => connection.close());
      return closing;
    },
  };
}

/** Work that runs strictly one after the other, in the order it was given. */
function createLine(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    // What failed before was told to whoever asked for it; it does not stop the next in line.
    const done = last.then(work, work);
    last = done;
    return done;
  };
}

interface Connection extends SqlSession {
  close(): Promise<void>;
}

async function connect(file: string): Promise<Connection> {
  const input: WorkerInput = { file, busyMs: BUSY_MS };
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: input, execArgv: [] });
  const pending = new Map<number, Pending>();
  let newest = 0;
  let gone: Error | null = null;

  worker.on('message', (reply: WorkerReply) => {
    const asked = pending.get(reply.id);
    if (asked === undefined) return;
    pending.delete(reply.id);
    if ('rows' in reply) asked.resolve(reply.rows);
    else asked.reject(explain(file, asked.statement, reply));
  });
  const lose = (why: string): void => {
    gone ??= new Outage(`the connection to the store ${file} is gone: ${why}`);
    for (const asked of pending.values()) asked.reject(gone);
    pending.clear();
  };
  worker.on('error', (error) => lose(error instanceof Error ? error.message : String(error)));
  worker.on('exit', () => lose('its thread has ended'));

  function query<T>(statement: string, params: readonly SqlValue[] = []): Promise<T[]> {
    if (gone !== null) return Promise.reject(gone);
    const request: WorkerRequest = { id: ++newest, statement, params };
    const { promise, resolve, reject } = Promise.withResolvers<readonly unknown[]>();
    pending.set(request.id, { statement, resolve, reject });
    worker.postMessage(request);
    return promise as Promise<T[]>;
  }

  async function close(): Promise<void> {
    if (gone !== null) return;
    worker.postMessage('close');
    await once(worker, 'exit');
  }

  await query('SELECT 1');
  return { query, close };
}

/** BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN: of the machine, and not of what was asked. */
const PASSING = new Set([5, 6, 7, 8, 9, 10, 13, 14]);
const BUSY = 5;

function explain(file: string, statement: string, { error, code }: Extract<WorkerReply, { error: string }>): Error {
  // An extended code holds its kind in its lowest byte.
  const kind = (code ?? 0) & 0xff;
  const locked = kind === BUSY;
  const remedy = locked ? `; another process held it for ${BUSY_MS / 1000} s: find it with fuser or lsof` : '';
  const words = `the store ${file} refused "${statement.trim().slice(0, 120)}": ${error}${remedy}`;
  return PASSING.has(kind) ? new Outage(words) : new Error(words);
}
