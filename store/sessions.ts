/** Transcripts. A turn and a tool result are written once: the first stands, and whoever comes second goes on with it (invariant 6). */
import type { Subject } from '../domain/unit.ts';
import { appendEvent, dropStreamedText, type Committed } from './events.ts';
import type { InputRow, Place, Sessions, ToolResultRow, TurnRow } from './port.ts';
import { decode, encode, type Sql, type SqlSession } from './sql/sql.ts';

interface SessionRow {
  readonly id: string;
  readonly unit: Subject;
  readonly system_prompt: string;
  readonly at: number;
}

interface GivenRow {
  readonly given: string;
}

interface Placed extends GivenRow {
  readonly place: number;
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

    transcript: async (session) => (await after(sql, session, NOTHING_READ)).fresh,
    after: (session, place) => after(sql, session, place ?? NOTHING_READ),

    async countTurns(unit) {
      // Turns follow each other without gaps, so the newest of a session counts them.
      const [row] = await sql.query<{ count: number }>(
        `SELECT CAST(COALESCE(SUM(newest), 0) AS BIGINT) AS count FROM
           (SELECT (SELECT MAX(turn) FROM turns WHERE turns.session = sessions.id) AS newest FROM sessions WHERE unit = ?) AS each_one`,
        [unit],
      );
      return row?.count ?? 0;
    },
  };
}

const NOTHING_READ: Place = { turn: 0, input: 0, result: 0 };

async function after(sql: SqlSession, session: string, from: Place): ReturnType<Sessions['after']> {
  const read = (table: string, column: string, beyond: number): Promise<Placed[]> =>
    sql.query(`SELECT given, ${column} AS place FROM ${table} WHERE session = ? AND ${column} > ? ORDER BY ${column}`, [
      session,
      beyond,
    ]);
  const inputs = await read('session_inputs', 'position', from.input);
  const turns = await read('turns', 'turn', from.turn);
  const results = await read('tool_results', 'position', from.result);
  return {
    fresh: {
      inputs: inputs.map((row) => decode<InputRow>(row.given)),
      turns: turns.map((row) => decode<TurnRow>(row.given)),
      results: results.map((row) => decode<ToolResultRow>(row.given)),
    },
    place: {
      turn: turns.at(-1)?.place ?? from.turn,
      input: inputs.at(-1)?.place ?? from.input,
      result: results.at(-1)?.place ?? from.result,
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
  const { session, stopReason, microUsd } = turn;
  const data: Committed = { session, turn: turn.turn, stopReason, microUsd };
  await dropStreamedText(tx, subject);
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
