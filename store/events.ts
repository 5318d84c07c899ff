/**
 * Sequence numbers come from one counter row, updated in the transaction that appends: its row lock is held up to the commit, so
 * numbers are gap-free in the order of commit. Append last in a transaction: everybody waits for that row.
 */
import type { EventRow, Events } from './port.ts';
import { decode, encode, type Sql, type SqlSession, type SqlValue } from './sql.ts';

interface Row {
  readonly seq: number;
  readonly at: number;
  readonly subject: string;
  readonly kind: string;
  readonly data: string;
}

export async function appendEvent(session: SqlSession, event: Omit<EventRow, 'seq'>): Promise<number> {
  const [counter] = await session.query<{ seq: number }>(
    'UPDATE event_counter SET seq = seq + 1 WHERE id = 1 RETURNING seq',
  );
  if (counter === undefined) throw new Error("the store's event counter is missing: its schema was changed by hand");
  await session.query('INSERT INTO events (seq, at, subject, kind, data) VALUES (?, ?, ?, ?, ?)', [
    counter.seq,
    event.at,
    event.subject,
    event.kind,
    encode(event.data),
  ]);
  return counter.seq;
}

export function createEvents(sql: Sql): Events {
  return {
    append: (event) => sql.transaction([], (session) => appendEvent(session, event)),

    async after(seq, { subject, limit }) {
      const params: SqlValue[] = subject === undefined ? [seq, limit] : [seq, subject, limit];
      const rows = await sql.query<Row>(
        `SELECT seq, at, subject, kind, data FROM events WHERE seq > ? ${subject === undefined ? '' : 'AND subject = ?'}
         ORDER BY seq LIMIT ?`,
        params,
      );
      return rows.map((row) => ({ ...row, data: decode<unknown>(row.data) }));
    },

    async last() {
      const [counter] = await sql.query<{ seq: number }>('SELECT seq FROM event_counter WHERE id = 1');
      return counter?.seq ?? 0;
    },

    async newestAt(subject, kinds) {
      if (kinds.length === 0) return null;
      const [row] = await sql.query<{ at: number }>(
        `SELECT at FROM events WHERE subject = ? AND kind IN (${kinds.map(() => '?').join(', ')}) ORDER BY seq DESC LIMIT 1`,
        [subject, ...kinds],
      );
      return row?.at ?? null;
    },
  };
}
