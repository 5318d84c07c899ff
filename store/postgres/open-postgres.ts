/**
 * PostgreSQL, for more than one host: READ COMMITTED, and transaction-scoped advisory locks where a decision rests on what was read.
 * As safe against the loss of power as the server's `synchronous_commit` is (on, unless its operator turned it off).
 */
import { DatabaseError, Pool, types, type PoolClient } from 'pg';
import { Outage } from '../../domain/outage.ts';
import type { Sql, SqlSession, SqlValue } from '../sql/sql.ts';

const CONNECTIONS = 10;
/** As long as SQLite's busy timeout: a lock held longer is somebody's fault, and worth an error. */
const LOCK_MS = 10_000;
/** A stopped process must not hold its locks for ever. */
const IDLE_IN_TRANSACTION_MS = 60_000;

export function openPostgres(url: string): Sql {
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS,
    application_name: 'lamplighter',
    connectionTimeoutMillis: LOCK_MS,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    types: { getTypeParser: parserOf },
  });
  // An idle connection that dies leaves the pool by itself, and the next query opens another: there is nothing to do here, but
  // without a listener the process would end.
  pool.on('error', ignoreIdleLoss);
  let closing: Promise<void> | null = null;

  return {
    async query<T>(statement: string, params: readonly SqlValue[] = []): Promise<T[]> {
      const { rows } = await answered(pool.query(numbered(statement), [...params]));
      return rows as T[];
    },
    async transaction(locks, work) {
      const client = await answered(pool.connect());
      // The statement that is due next fails with the loss; this event only says so earlier.
      client.on('error', ignoreIdleLoss);
      try {
        const result = await inTransaction(client, locks, work);
        client.off('error', ignoreIdleLoss);
        client.release();
        return result;
      } catch (error) {
        await leave(client);
        throw error;
      }
    },
    close() {
      closing ??= pool.end();
      return closing;
    },
  };
}

async function inTransaction<T>(
  client: PoolClient,
  locks: readonly string[],
  work: (session: SqlSession) => Promise<T>,
): Promise<T> {
  await answered(client.query('BEGIN'));
  // In one order everywhere, so that two transactions never wait for each other.
  for (const lock of locks.toSorted()) {
    await answered(client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [lock]));
  }
  const result = await work({
    async query<R>(statement: string, params: readonly SqlValue[] = []): Promise<R[]> {
      const { rows } = await answered(client.query(numbered(statement), [...params]));
      return rows as R[];
    },
  });
  await answered(client.query('COMMIT'));
  return result;
}

/** Connections, conflicts, resources, states, operators and the system: classes of errors that are not of what was asked. */
const PASSING = new Set(['08', '25', '40', '53', '55', '57', '58']);

async function answered<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DatabaseError && !PASSING.has(error.code?.slice(0, 2) ?? '')) throw error;
    throw new Outage(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Gives the connection back clean, or gives it up: a rollback that fails means that it is lost, and the server rolls back. */
async function leave(client: PoolClient): Promise<void> {
  const lost = await client.query('ROLLBACK').then(
    () => false,
    () => true,
  );
  client.off('error', ignoreIdleLoss);
  client.release(lost);
}

function ignoreIdleLoss(): void {
  // Deliberately empty: see the comments where it is attached.
}

/** int8 comes as text; times and micro-dollars are whole numbers far below 2^53. */
function parserOf(oid: number): (text: string) => unknown {
  if (oid === types.builtins.INT8) return Number;
  return types.getTypeParser(oid, 'text') as (text: string) => unknown;
}

const rewritten = new Map<string, string>();

/** `?` becomes `$1`, `$2`, …; the set of statements is small and fixed. */
function numbered(statement: string): string {
  const known = rewritten.get(statement);
  if (known !== undefined) return known;
  let count = 0;
  const text = statement.replaceAll('?', () => `$${++count}`);
  rewritten.set(statement, text);
  return text;
}
