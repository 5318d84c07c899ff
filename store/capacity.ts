/** One line for the slots of all kinds of units. Who stands before in it counts as served, though it has not asked again yet. */
import { served, type Pool } from '../domain/pool.ts';
import { unitNamed, type Subject, type UnitKind } from '../domain/unit.ts';
import type { Capacity, SlotRow } from './port.ts';
import type { Sql, SqlSession } from './sql/sql.ts';

interface Row {
  readonly unit: Subject;
  readonly unit_kind: UnitKind;
  readonly granted_at: number | null;
}

export function createCapacity(sql: Sql): Capacity {
  return {
    acquire: (unit, pool, at) => sql.transaction(['capacity'], (session) => acquire(session, { unit, pool, at })),

    async release(unit) {
      await sql.query('DELETE FROM capacity WHERE unit = ?', [unit]);
    },

    held() {
      return sql.query<SlotRow>(
        'SELECT unit, granted_at AS since FROM capacity WHERE granted_at IS NOT NULL ORDER BY granted_at, position',
      );
    },

    waiting() {
      return sql.query<SlotRow>(
        'SELECT unit, joined_at AS since FROM capacity WHERE granted_at IS NULL ORDER BY position',
      );
    },
  };
}

async function acquire(
  session: SqlSession,
  { unit, pool, at }: { readonly unit: Subject; readonly pool: Pool; readonly at: number },
): ReturnType<Capacity['acquire']> {
  await session.query(
    `INSERT INTO capacity (unit, unit_kind, position, joined_at)
     VALUES (?, ?, (SELECT COALESCE(MAX(position), 0) + 1 FROM capacity), ?) ON CONFLICT (unit) DO NOTHING`,
    [unit, unitNamed(unit).kind, at],
  );
  const line = await session.query<Row>('SELECT unit, unit_kind, granted_at FROM capacity ORDER BY position');
  const mine = line.findIndex((one) => one.unit === unit);
  const standing = line[mine];
  if (standing === undefined) throw new Error(`${unit} is not in the line it has just joined`);
  if (standing.granted_at !== null) return { granted: true, ahead: 0 };
  const asked = line.map((one) => ({ kind: one.unit_kind, holds: one.granted_at !== null }));
  if (served(asked, pool)[mine] !== true) {
    return { granted: false, ahead: line.slice(0, mine).filter((one) => one.granted_at === null).length };
  }
  await session.query('UPDATE capacity SET granted_at = ? WHERE unit = ?', [at, unit]);
  return { granted: true, ahead: 0 };
}
