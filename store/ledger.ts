/**
 * Money in whole micro-dollars. A sum is what is settled, plus every open reserve in full (invariant 7). Whatever changes or decides on
 * a sum holds one lock: each is short, and comes once a model call.
 */
import { dayOf } from '../domain/caps.ts';
import type { MicroUsd } from '../domain/money.ts';
import { createCapRows, type CapRows } from './caps.ts';
import type { Ledger, Reserve, Reserved } from './port.ts';
import type { Sql, SqlSession } from './sql/sql.ts';

const LEDGER_LOCK = 'ledger';

interface Row {
  readonly settled: number | null;
}

export function createLedger(sql: Sql): Ledger {
  return {
    reserve: (reserve) => sql.transaction([LEDGER_LOCK], (session) => place(session, createCapRows(session), reserve)),

    settle: (key, microUsd, at) => sql.transaction([LEDGER_LOCK], (session) => settle(session, { key, microUsd, at })),

    spentOf: (budget) => spent(sql, 'budget = ?', budget),
    spentBy: (unit) => spent(sql, 'unit = ?', unit),

    standing: (caps) => createCapRows(sql).standing(caps),
    raises: (cap) => createCapRows(sql).raises(cap),
    async raiseCap(cap, raise) {
      checkMoney(raise.id, raise.microUsd);
      return sql.transaction([LEDGER_LOCK], (session) => createCapRows(session).raise(cap, raise));
    },
  };
}

async function place(session: SqlSession, caps: CapRows, reserve: Reserve): Promise<Reserved> {
  const { key, unit, repo, budget, microUsd, at } = reserve;
  checkMoney(key, microUsd);
  checkMoney(budget.name, budget.microUsd);
  checkCaps(reserve);
  const [known] = await session.query<Row>('SELECT settled FROM ledger WHERE key = ?', [key]);
  // Asked again before it was settled: the one attempt, reserved once.
  if (known?.settled === null) return { ok: true };
  const total = await spent(session, 'budget = ?', budget.name);
  if (total + microUsd > budget.microUsd) return { ok: false, why: 'budget', spent: total };
  const reached = await caps.refuse(reserve);
  if (reached.length > 0) return { ok: false, why: 'caps', reached };
  // A key that comes back after it was settled is another call, as after a rebuilt run: charged on top, never free.
  await session.query(
    known === undefined
      ? 'INSERT INTO ledger (reserved, at, key, unit, repo, budget, charged) VALUES (?, ?, ?, ?, ?, ?, 0)'
      : 'UPDATE ledger SET charged = charged + settled, settled = NULL, settled_at = NULL, reserved = ?, at = ? WHERE key = ?',
    known === undefined ? [microUsd, at, key, unit, repo, budget.name] : [microUsd, at, key],
  );
  await caps.add(repo, dayOf(at), microUsd);
  return { ok: true };
}

async function settle(
  session: SqlSession,
  { key, microUsd, at }: { readonly key: string; readonly microUsd: MicroUsd; readonly at: number },
): Promise<void> {
  checkMoney(key, microUsd);
  const [row] = await session.query<{ repo: string | null; reserved: number; at: number }>(
    'UPDATE ledger SET settled = ?, settled_at = ? WHERE key = ? AND settled IS NULL RETURNING repo, reserved, at',
    [microUsd, at, key],
  );
  if (row !== undefined) return createCapRows(session).add(row.repo, dayOf(row.at), microUsd - row.reserved);
  const known = await session.query('SELECT key FROM ledger WHERE key = ?', [key]);
  if (known.length === 0) throw new Error(`nothing was reserved under ${key}: money is reserved before it is spent`);
}

async function spent(session: SqlSession, where: string, name: string): Promise<MicroUsd> {
  const [row] = await session.query<{ total: number }>(
    // PostgreSQL sums BIGINT as NUMERIC.
    `SELECT CAST(COALESCE(SUM(charged + COALESCE(settled, reserved)), 0) AS BIGINT) AS total FROM ledger WHERE ${where}`,
    [name],
  );
  return row?.total ?? 0;
}

function checkMoney(key: string, microUsd: number): void {
  if (Number.isSafeInteger(microUsd) && microUsd >= 0) return;
  throw new Error(`${microUsd} is not an amount (${key}): money is whole micro-dollars, zero or more`);
}

/** A cap of another day or repo would be checked against one sum and charged to another. */
function checkCaps({ key, repo, caps, at }: Reserve): void {
  const day = dayOf(at);
  for (const cap of caps) {
    checkMoney(cap.key, cap.microUsd);
    const binds = day >= cap.firstDay && day <= cap.lastDay && (cap.repo === null || cap.repo === repo);
    if (!binds) throw new Error(`the cap ${cap.key} does not bind ${key} of ${repo ?? 'no repo'} on day ${day}`);
  }
}
