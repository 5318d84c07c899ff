/** Money in whole micro-dollars. The sum of an issue is what is settled, plus every open reserve in full (invariant 7). */
import type { MicroUsd } from '../domain/money.ts';
import type { Ledger, Reserve } from './port.ts';
import type { Sql, SqlSession, SqlValue } from './sql.ts';

interface Row {
  readonly settled: number | null;
}

export function createLedger(sql: Sql): Ledger {
  return {
    reserve: (reserve) =>
      sql.transaction([`ledger/${reserve.repo}/${reserve.issue}`], (session) => place(session, reserve)),

    async settle(key, microUsd, at) {
      checkMoney(key, microUsd);
      const settled = await sql.query(
        'UPDATE ledger SET settled = ?, settled_at = ? WHERE key = ? AND settled IS NULL RETURNING key',
        [microUsd, at, key],
      );
      if (settled.length > 0) return;
      const known = await sql.query('SELECT key FROM ledger WHERE key = ?', [key]);
      if (known.length === 0)
        throw new Error(`nothing was reserved under ${key}: money is reserved before it is spent`);
    },

    spentOnIssue: (repo, issue) => spent(sql, 'repo = ? AND issue = ?', [repo, issue]),
    spentOnRun: (run) => spent(sql, 'run = ?', [run]),
  };
}

async function place(session: SqlSession, reserve: Reserve): ReturnType<Ledger['reserve']> {
  checkMoney(reserve.key, reserve.microUsd);
  checkMoney(reserve.key, reserve.capMicroUsd);
  const [known] = await session.query<Row>('SELECT settled FROM ledger WHERE key = ?', [reserve.key]);
  // Asked again before it was settled: the one attempt, reserved once.
  if (known?.settled === null) return { ok: true };
  const total = await spent(session, 'repo = ? AND issue = ?', [reserve.repo, reserve.issue]);
  if (total + reserve.microUsd > reserve.capMicroUsd) return { ok: false, spent: total };
  // A key that comes back after it was settled is another call, as after a rebuilt run: charged on top, never free.
  await session.query(
    known === undefined
      ? 'INSERT INTO ledger (reserved, at, key, run, repo, issue, charged) VALUES (?, ?, ?, ?, ?, ?, 0)'
      : 'UPDATE ledger SET charged = charged + settled, settled = NULL, settled_at = NULL, reserved = ?, at = ? WHERE key = ?',
    known === undefined
      ? [reserve.microUsd, reserve.at, reserve.key, reserve.run, reserve.repo, reserve.issue]
      : [reserve.microUsd, reserve.at, reserve.key],
  );
  return { ok: true };
}

async function spent(session: SqlSession, where: string, params: readonly SqlValue[]): Promise<MicroUsd> {
  const [row] = await session.query<{ total: number }>(
    // PostgreSQL sums BIGINT as NUMERIC.
    `SELECT CAST(COALESCE(SUM(charged + COALESCE(settled, reserved)), 0) AS BIGINT) AS total FROM ledger WHERE ${where}`,
    params,
  );
  return row?.total ?? 0;
}

function checkMoney(key: string, microUsd: number): void {
  if (Number.isSafeInteger(microUsd) && microUsd >= 0) return;
  throw new Error(`${microUsd} is not an amount (${key}): money is whole micro-dollars, zero or more`);
}
