/** Runs and their transitions. Whether a release may start a run is decided here, in one transaction, and by two unique keys beneath. */
import { isDeepStrictEqual } from 'node:util';
import { movingActs, type Recorded } from '../domain/transitions/called-away.ts';
import { FRESH, type RunEffect, type RunState } from '../domain/stage.ts';
import type { TriagePlan } from '../domain/run.ts';
import { actsLock, takeAct, unreadActs } from './acts.ts';
import { appendEvent } from './events.ts';
import type { CreateRun, NewRun, RunRow, Runs, TransitionInput, TransitionRow } from './port.ts';
import { appendQueueChanged, laneLock } from './queue.ts';
import { decode, encode, type Sql, type SqlSession, type SqlValue } from './sql/sql.ts';
import { runSubject } from '../domain/unit.ts';

interface Row {
  readonly id: string;
  readonly repo: string;
  readonly issue: number;
  readonly release_id: string;
  readonly given: string;
  readonly seq: number;
  readonly state: string;
  readonly effects: string;
  readonly plan: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly ended_at: number | null;
}

type Given = Pick<NewRun, 'repoName' | 'title' | 'bounds'>;

export function createRuns(sql: Sql): Runs {
  return {
    create: (run) => sql.transaction([laneLock(run.repo)], (session) => create(session, run)),
    get: (id) => get(sql, id),
    list: (filter) => list(sql, filter),

    async usedReleases(repo) {
      const rows = await sql.query<{ release_id: string }>('SELECT release_id FROM runs WHERE repo = ?', [repo]);
      return new Set(rows.map((row) => row.release_id));
    },

    async setPlan(id, plan) {
      await sql.query('UPDATE runs SET plan = ? WHERE id = ?', [encode(plan), id]);
    },

    transition: (id, input) =>
      sql.transaction([`run/${id}`, actsLock(id)], (session) => transition(session, id, input)),

    settled: (id) => setOwes(sql, id, 0),
    owe: (id) => setOwes(sql, id, 1),

    async transitions(id) {
      const rows = await sql.query<{ seq: number; state: string; cause: string; at: number }>(
        'SELECT seq, state, cause, at FROM transitions WHERE run = ? ORDER BY seq',
        [id],
      );
      return rows.map(({ seq, state: text, cause, at }): TransitionRow => {
        const state = decode<RunState>(text);
        return { seq, stage: state.stage, state, cause, at };
      });
    },
  };
}

async function setOwes(session: SqlSession, id: string, owes: 0 | 1): Promise<void> {
  await session.query('UPDATE runs SET owes = ? WHERE id = ? AND ended_at IS NOT NULL', [owes, id]);
}

async function create(session: SqlSession, run: NewRun): Promise<CreateRun> {
  const [used] = await session.query<{ id: string }>('SELECT id FROM runs WHERE repo = ? AND release_id = ?', [
    run.repo,
    run.release,
  ]);
  if (used !== undefined) return { created: false, why: 'release-used', by: used.id };
  const [open] = await session.query<{ id: string }>('SELECT id FROM runs WHERE repo = ? AND ended_at IS NULL', [
    run.repo,
  ]);
  if (open !== undefined) return { created: false, why: 'lane-held', by: open.id };

  const state: RunState = { ...FRESH, progress: { ...FRESH.progress, ...run.start } };
  const given: Given = { repoName: run.repoName, title: run.title, bounds: run.bounds };
  await session.query(
    `INSERT INTO runs (id, repo, issue, release_id, given, seq, state, effects, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?)`,
    [run.id, run.repo, run.issue, run.release, encode(given), encode(state), encode([]), run.at, run.at],
  );
  await session.query("INSERT INTO transitions (run, seq, state, cause, at) VALUES (?, 0, ?, 'created', ?)", [
    run.id,
    encode(state),
    run.at,
  ]);
  const taken = await session.query(
    'DELETE FROM queue WHERE repo = ? AND issue = ? AND release_id = ? RETURNING issue',
    [run.repo, run.issue, run.release],
  );
  const row = await get(session, run.id);
  if (row === null) throw new Error(`run ${run.id} is not there right after it was written`);
  const data = { repo: run.repo, issue: run.issue, title: run.title };
  await appendEvent(session, { at: run.at, subject: runSubject(run.id), kind: 'run.created', data });
  if (taken.length > 0) await appendQueueChanged(session, run.repo, run.at);
  return { created: true, run: row };
}

async function get(session: SqlSession, id: string): Promise<RunRow | null> {
  const [row] = await session.query<Row>('SELECT * FROM runs WHERE id = ?', [id]);
  return row === undefined ? null : toRun(row);
}

async function list(session: SqlSession, filter: Parameters<Runs['list']>[0]): Promise<RunRow[]> {
  const where: string[] = [];
  const params: SqlValue[] = [];
  if (filter.repo !== undefined) {
    where.push('repo = ?');
    params.push(filter.repo);
  }
  if (filter.issue !== undefined) {
    where.push('issue = ?');
    params.push(filter.issue);
  }
  if (filter.open !== undefined) where.push(filter.open ? 'ended_at IS NULL' : 'ended_at IS NOT NULL');
  if (filter.owing === true) where.push('owes = 1');
  if (filter.limit !== undefined) params.push(filter.limit);
  const rows = await session.query<Row>(
    `SELECT * FROM runs ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`}
     ORDER BY created_at DESC, id DESC ${filter.limit === undefined ? '' : 'LIMIT ?'}`,
    params,
  );
  return rows.map(toRun);
}

async function transition(session: SqlSession, id: string, input: TransitionInput): Promise<Recorded> {
  const run = await get(session, id);
  if (run === null)
    throw new Error(`there is no run ${id}: transition ${input.seq} (${input.cause}) can't be recorded`);
  const acts = movingActs(input.state, await unreadActs(session, id)).some((act) => act.id !== input.act);
  if (input.seq <= run.seq) {
    await checkRepeat(session, id, input);
    return { recorded: true, acts };
  }
  if (input.seq !== run.seq + 1) {
    throw new Error(`run ${id} is at transition ${run.seq}, and ${input.seq} (${input.cause}) would leave a gap`);
  }
  if (acts && input.afterActs === true) return { recorded: false, acts };
  await write(session, id, input);
  if (input.act !== undefined) await takeAct(session, input.act, input.at);
  return { recorded: true, acts };
}

async function write(session: SqlSession, id: string, input: TransitionInput): Promise<void> {
  const { seq, state, cause, at } = input;
  const ended = state.stage === 'ended';
  await session.query(
    'UPDATE runs SET seq = ?, state = ?, effects = ?, updated_at = ?, ended_at = ?, owes = ? WHERE id = ?',
    [seq, encode(state), encode(input.effects), at, ended ? at : null, ended ? 1 : 0, id],
  );
  await session.query('INSERT INTO transitions (run, seq, state, cause, at) VALUES (?, ?, ?, ?, ?)', [
    id,
    seq,
    encode(state),
    cause,
    at,
  ]);
  const data = { seq, stage: state.stage, cause, state };
  await appendEvent(session, { at, subject: runSubject(id), kind: 'run.stage', data });
}

/** A retry says the same again. Something else under a number that is taken means that two workflows drive one run. */
async function checkRepeat(session: SqlSession, id: string, { seq, state, cause }: TransitionInput): Promise<void> {
  const [stands] = await session.query<{ state: string; cause: string }>(
    'SELECT state, cause FROM transitions WHERE run = ? AND seq = ?',
    [id, seq],
  );
  if (stands?.cause === cause && isDeepStrictEqual(decode(stands.state), decode(encode(state)))) return;
  throw new Error(
    `transition ${seq} of run ${id} stands as ${stands?.cause ?? 'nothing'}, and ${cause} was to be written over it: two workflows drive this run, or one was rebuilt from an older row`,
  );
}

function toRun(row: Row): RunRow {
  const state = decode<RunState>(row.state);
  return {
    id: row.id,
    repo: row.repo,
    issue: row.issue,
    release: row.release_id,
    ...decode<Given>(row.given),
    state,
    seq: row.seq,
    effects: decode<RunEffect[]>(row.effects),
    plan: row.plan === null ? null : decode<TriagePlan>(row.plan),
    outcome: state.stage === 'ended' ? state.outcome : null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
  };
}
