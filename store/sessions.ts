/** Transcripts. A turn and a tool result are written once: the first stands, and whoever comes second goes on with it (invariant 6). */
import type { Subject } from '../domain/unit.ts';
import { appendEvent } from './events.ts';
import type { InputRow, Sessions, ToolResultRow, TurnRow } from './port.ts';
import { decode, encode, type Sql, type SqlSession } from './sql.ts';

interface SessionRow {
  readonly id: string;
  readonly unit: Subject;
  readonly system_prompt: string;
  readonly at: number;
}

interface GivenRow {
  readonly given: string;
}

export function createSessions(sql: Sql): Sessions {
  const within = <T>(session: string, work: (tx: SqlSession) => Promise<T>): Promise<T> =>
    sql.transaction([`session/${session}`], work);
  return {
    async open({ id, unit, system, at }) {
      await sql.query(
        'INSERT INTO sessions (id, unit, system_prompt, at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
        [id, unit, encode(system), at],
      );
    },

    async get(id) {
      const row = await find(sql, id);
      return row === null
        ? null
        : { id: row.id, unit: row.unit, system: decode<string>(row.system_prompt), at: row.at };
    },

    async ofUnit(unit) {
      const rows = await sql.query<{ id: string }>('SELECT id FROM sessions WHERE unit = ? ORDER BY at, id', [unit]);
      return rows.map((row) => row.id);
    },

    addInput: (session, key, text, at) => within(session, (tx) => addInput(tx, { session, key, text, at })),
    commitTurn: (turn) => within(turn.session, (tx) => commitTurn(tx, turn)),
    putResult: (result) => within(result.session, (tx) => putResult(tx, result)),

    async transcript(session) {
      const read = async <T>(from: string): Promise<T[]> => {
        const rows = await sql.query<GivenRow>(`SELECT given FROM ${from}`, [session]);
        return rows.map((row) => decode<T>(row.given));
      };
      return {
        inputs: await read<InputRow>('session_inputs WHERE session = ? ORDER BY position'),
        turns: await read<TurnRow>('turns WHERE session = ? ORDER BY turn'),
        results: await read<ToolResultRow>('tool_results WHERE session = ? ORDER BY turn, position'),
      };
    },

    async countTurns(unit) {
      const [row] = await sql.query<{ count: number }>(
        'SELECT COUNT(*) AS count FROM turns JOIN sessions ON sessions.id = turns.session WHERE sessions.unit = ?',
        [unit],
      );
      return row?.count ?? 0;
    },
  };
}

async function find(session: SqlSession, id: string): Promise<SessionRow | null> {
  const [row] = await session.query<SessionRow>('SELECT * FROM sessions WHERE id = ?', [id]);
  return row ?? null;
}

async function subjectOf(tx: SqlSession, session: string): Promise<Subject> {
  const row = await find(tx, session);
  if (row === null) throw new Error(`there is no session ${session}: open it before anything is written to it`);
  return row.unit;
}

async function newestTurn(tx: SqlSession, session: string): Promise<number> {
  const [row] = await tx.query<{ newest: number }>(
    'SELECT COALESCE(MAX(turn), 0) AS newest FROM turns WHERE session = ?',
    [session],
  );
  return row?.newest ?? 0;
}

async function addInput(tx: SqlSession, { session, key, text, at }: Omit<InputRow, 'beforeTurn'>): Promise<void> {
  const subject = await subjectOf(tx, session);
  const stands = await tx.query('SELECT key FROM session_inputs WHERE session = ? AND key = ?', [session, key]);
  if (stands.length > 0) return;
  const row: InputRow = { session, key, beforeTurn: (await newestTurn(tx, session)) + 1, text, at };
  await tx.query(
    `INSERT INTO session_inputs (session, key, position, before_turn, given, at)
     VALUES (?, ?, (SELECT COALESCE(MAX(position), 0) + 1 FROM session_inputs WHERE session = ?), ?, ?, ?)`,
    [session, key, session, row.beforeTurn, encode(row), at],
  );
  await appendEvent(tx, { at, subject, kind: 'session.input', data: { session, key } });
}

async function commitTurn(tx: SqlSession, turn: TurnRow): Promise<{ readonly won: boolean; readonly row: TurnRow }> {
  const subject = await subjectOf(tx, turn.session);
  const [stands] = await tx.query<GivenRow>('SELECT given FROM turns WHERE session = ? AND turn = ?', [
    turn.session,
    turn.turn,
  ]);
  if (stands !== undefined) return { won: false, row: decode<TurnRow>(stands.given) };
  const newest = await newestTurn(tx, turn.session);
  if (turn.turn !== newest + 1) {
    throw new Error(`session ${turn.session} is at turn ${newest}, and turn ${turn.turn} would leave a gap`);
  }
  const given = encode(turn);
  await tx.query('INSERT INTO turns (session, turn, given, at) VALUES (?, ?, ?, ?)', [
    turn.session,
    turn.turn,
    given,
    turn.at,
  ]);
  const { session, stopReason, microUsd, content } = turn;
  const data = { session, turn: turn.turn, stopReason, microUsd, content };
  await appendEvent(tx, { at: turn.at, subject, kind: 'turn.committed', data });
  return { won: true, row: decode<TurnRow>(given) };
}

async function putResult(tx: SqlSession, result: ToolResultRow): Promise<ToolResultRow> {
  const subject = await subjectOf(tx, result.session);
  const { session, turn, toolUseId, isError, at } = result;
  const [stands] = await tx.query<GivenRow>(
    'SELECT given FROM tool_results WHERE session = ? AND turn = ? AND tool_use_id = ?',
    [session, turn, toolUseId],
  );
  if (stands !== undefined) return decode<ToolResultRow>(stands.given);
  await tx.query(
    `INSERT INTO tool_results (session, turn, tool_use_id, position, given, at)
     VALUES (?, ?, ?, (SELECT COALESCE(MAX(position), 0) + 1 FROM tool_results WHERE session = ?), ?, ?)`,
    [session, turn, toolUseId, session, encode(result), at],
  );
  const data = { session, turn, toolUseId, isError, bytes: Buffer.byteLength(result.content) };
  await appendEvent(tx, { at, subject, kind: 'tool.result', data });
  return result;
}
