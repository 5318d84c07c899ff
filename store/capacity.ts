/** Slots, first come, first served: one who asks is granted when there is room for all who stand before, and for itself. */
import type { Capacity, CapacityKind } from './port.ts';
import type { Sql, SqlSession } from './sql.ts';

interface Row {
  readonly position: number;
  readonly granted_at: number | null;
}

export function createCapacity(sql: Sql): Capacity {
  return {
    acquire: (kind, id, slots, at) =>
      sql.transaction([`capacity/${kind}`], (session) => acquire(session, { kind, id, slots, at })),

    async release(kind, id) {
      await sql.query('DELETE FROM capacity WHERE kind = ? AND id = ?', [kind, id]);
    },

    held() {
      return sql.query<{ kind: CapacityKind; id: string; since: number }>(
        'SELECT kind, id, granted_at AS since FROM capacity WHERE granted_at IS NOT NULL ORDER BY granted_at, kind, position',
      );
    },

    waiting() {
      return sql.query<{ kind: CapacityKind; id: string; since: number }>(
        'SELECT kind, id, joined_at AS since FROM capacity WHERE granted_at IS NULL ORDER BY joined_at, kind, position',
      );
    },
  };
}

async function acquire(
  session: SqlSession,
  { kind, id, slots, at }: { kind: CapacityKind; id: string; slots: number; at: number },
): ReturnType<Capacity['acquire']> {
  await session.query(
    `INSERT INTO capacity (kind, id, position, joined_at)
     VALUES (?, ?, (SELECT COALESCE(MAX(position), 0) + 1 FROM capacity WHERE kind = ?), ?) ON CONFLICT (kind, id) DO NOTHING`,
    [kind, id, kind, at],
  );
  const line = await session.query<Row & { readonly id: string }>(
    'SELECT id, position, granted_at FROM capacity WHERE kind = ? ORDER BY position',
    [kind],
  );
  const mine = line.find((one) => one.id === id);
  if (mine === undefined) throw new Error(`${kind} ${id} is not in the line it has just joined`);
  if (mine.granted_at !== null) return { granted: true, ahead: 0 };
  const held = line.filter((one) => one.granted_at !== null).length;
  const ahead = line.filter((one) => one.granted_at === null && one.position < mine.position).length;
  if (held + ahead >= slots) return { granted: false, ahead };
  await session.query('UPDATE capacity SET granted_at = ? WHERE kind = ? AND id = ?', [at, kind, id]);
  return { granted: true, ahead: 0 };
}
