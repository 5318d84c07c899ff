/**
 * What is kept elsewhere is not kept here as well: `turn.committed` gets its content from the turn when it is read.
 *
 * Sequence numbers come from one counter row, updated in the transaction that appends: its row lock is held up to the commit, so
 * numbers are gap-free in the order of commit. Append last in a transaction: everybody waits for that row.
 */
import type { EventRow, Events } from './port.ts';
import { decode, encode, type Sql, type SqlSession, type SqlValue } from './sql/sql.ts';

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
      return Promise.all(rows.map(async (row) => ({ ...row, data: await wholeData(sql, row) })));
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

/** The event of a turn says which one; rows of before say its content too. */
export interface Committed {
  readonly session: string;
  readonly turn: number;
  readonly stopReason: string;
  readonly microUsd: number;
  readonly content?: readonly unknown[];
}

async function wholeData(session: SqlSession, { kind, data: text }: Row): Promise<unknown> {
  if (kind !== 'turn.committed') return decode<unknown>(text);
  const data = decode<Committed | null>(text);
  if (data === null || data.content !== undefined) return data;
  const [row] = await session.query<{ given: string }>('SELECT given FROM turns WHERE session = ? AND turn = ?', [
    data.session,
    data.turn,
  ]);
  return { ...data, content: row === undefined ? [] : decode<{ content: readonly unknown[] }>(row.given).content };
}

/** Everything of a unit that was streamed so far is in a committed turn now. */
export async function dropStreamedText(session: SqlSession, subject: string): Promise<void> {
  await session.query("DELETE FROM events WHERE subject = ? AND kind = 'text.delta'", [subject]);
}
