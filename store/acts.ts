import { appendEvent } from './events.ts';
import type { ActRow, Acts } from './port.ts';
import { decode, encode, type Sql, type SqlSession } from './sql/sql.ts';
import { runSubject } from '../domain/unit.ts';

type Given = Pick<ActRow, 'data' | 'by' | 'note'>;

/** Shared with transitions: an act is there before its run ends, or it is refused. */
export function actsLock(run: string): string {
  return `acts/${run}`;
}

interface Row {
  readonly id: string;
  readonly run: string;
  readonly seq: number;
  readonly given: string;
  readonly at: number;
  readonly taken_at: number | null;
}

export function createActs(sql: Sql): Acts {
  return {
    add: (act) => sql.transaction([actsLock(act.run), `act/${act.id}`], (session) => add(session, act)),

    unread: (run) => unreadActs(sql, run),
    take: (id, at) => takeAct(sql, id, at),

    async list(run) {
      return (await sql.query<Row>('SELECT * FROM acts WHERE run = ? ORDER BY seq', [run])).map(toAct);
    },
  };
}

export async function unreadActs(session: SqlSession, run: string): Promise<ActRow[]> {
  const rows = await session.query<Row>('SELECT * FROM acts WHERE run = ? AND taken_at IS NULL ORDER BY seq', [run]);
  return rows.map(toAct);
}

export async function takeAct(session: SqlSession, id: string, at: number): Promise<void> {
  await session.query('UPDATE acts SET taken_at = ? WHERE id = ? AND taken_at IS NULL', [at, id]);
}

/** The same id again answers with the act that stands: a retried request is one act. */
async function add(session: SqlSession, act: Omit<ActRow, 'seq' | 'takenAt'>): Promise<ActRow | null> {
  const [stands] = await session.query<Row>('SELECT * FROM acts WHERE id = ?', [act.id]);
  if (stands !== undefined) return toAct(stands);
  const [known] = await session.query<{ ended_at: number | null }>('SELECT ended_at FROM runs WHERE id = ?', [act.run]);
  if (known === undefined)
    throw new Error(`there is no run ${act.run} to ${act.data.kind}: look with \`lamplighter runs\``);
  if (known.ended_at !== null) return null;

  const given: Given = { data: act.data, by: act.by, note: act.note };
  const [row] = await session.query<Row>(
    `INSERT INTO acts (id, run, seq, given, at)
     VALUES (?, ?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM acts WHERE run = ?), ?, ?) RETURNING *`,
    [act.id, act.run, act.run, encode(given), act.at],
  );
  if (row === undefined) throw new Error(`act ${act.id} is not there right after it was written`);
  await appendEvent(session, {
    at: act.at,
    subject: runSubject(act.run),
    kind: 'act.added',
    data: { id: act.id, kind: act.data.kind, by: act.by.name, note: act.note },
  });
  return toAct(row);
}

function toAct(row: Row): ActRow {
  const { id, run, seq, at } = row;
  return { seq, id, run, ...decode<Given>(row.given), at, takenAt: row.taken_at };
}
