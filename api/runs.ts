import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { refuseAct, UNFREEZE_WAYS, type RequestedAct, withNotes } from '../domain/act.ts';
import type { ActRow, RunRow, Store } from '../store/port.ts';
import type { ApiDeps } from './app.ts';
import { commandPlace } from './command-place.ts';
import { ApiError, notFound } from './errors.ts';
import { principalOf } from './guards.ts';
import { flag, line, parseBody, parseQuery, pathParam, wholeNumber } from './parse.ts';
import { summaryOf, type RunView, type SessionView, type TranscriptView } from './view.ts';

const LISTED = 100;
const MOST = 1_000;

const listQuery = z.strictObject({
  open: flag.optional(),
  repo: line(200).optional(),
  issue: wholeNumber(1e9).optional(),
  limit: wholeNumber(MOST).default(LISTED),
  /** Beginning of a run's id. */
  id: line(100).optional(),
});

export function listRuns(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { open, repo, issue, limit, id } = parseQuery(listQuery, req);
    const key = repo === undefined ? undefined : (deps.config.repos.find((one) => one.name === repo)?.key ?? repo);
    const rows = await deps.store.runs.list({
      limit: id === undefined ? limit : MOST,
      ...(open === undefined ? {} : { open }),
      ...(key === undefined ? {} : { repo: key }),
      ...(issue === undefined ? {} : { issue }),
    });
    const found = id === undefined ? rows : rows.filter((run) => run.id.startsWith(id)).slice(0, limit);
    res.json({ runs: found.map((run) => summaryOf(run, deps.now())) });
  };
}

export function showRun(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    res.json(await viewRun(deps, pathParam(req, 'id')));
  };
}

const transcriptQuery = z.strictObject({ session: line(200).optional(), from: wholeNumber(1e9).default(1) });

export function showTranscript(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { session, from } = parseQuery(transcriptQuery, req);
    const run = await runOf(deps.store, pathParam(req, 'id'));
    const { sessions } = await viewTranscript(deps.store, run.id, session);
    res.json({ sessions: sessions.map((one) => since(one, from)) } satisfies TranscriptView);
  };
}

export async function runOf(store: Store, id: string): Promise<RunRow> {
  const run = await store.runs.get(id);
  if (run === null) throw notFound(`run ${JSON.stringify(id.slice(0, 100))}`, '`lamplighter runs` lists them');
  return run;
}

export async function viewRun(deps: ApiDeps, id: string): Promise<RunView> {
  const { store } = deps;
  const run = await runOf(store, id);
  const [transitions, evidence, acts, escalations, effects, runMicroUsd, issueMicroUsd, turns] = await Promise.all([
    store.runs.transitions(id),
    store.evidence.list(id),
    store.acts.list(id),
    store.escalations.list({ run: id }),
    store.effects.list(id),
    store.ledger.spentOnRun(id),
    store.ledger.spentOnIssue(run.repo, run.issue),
    store.sessions.countTurns(id),
  ]);
  const { release, seq, state, plan, bounds } = run;
  const summary = summaryOf(run, deps.now());
  return {
    run: { ...summary, reason: withNotes(summary.reason, acts), release, seq, state, plan, bounds },
    transitions,
    evidence,
    acts,
    escalations,
    effects,
    spend: { runMicroUsd, issueMicroUsd, capMicroUsd: bounds.issueMicroUsd, turns },
    links: {
      page: `${deps.config.api.publicUrl.replace(/\/$/, '')}/runs/${encodeURIComponent(id)}`,
      temporal: deps.engine.links(run).temporalUrl,
      commandPlace: commandPlace(deps.config.dataDir),
    },
  };
}

function since(session: SessionView, turn: number): SessionView {
  return {
    ...session,
    inputs: session.inputs.filter((one) => one.beforeTurn >= turn),
    turns: session.turns.filter((one) => one.turn >= turn),
    results: session.results.filter((one) => one.turn >= turn),
  };
}

export async function viewTranscript(store: Store, run: string, only?: string): Promise<TranscriptView> {
  const ids = (await store.sessions.ofRun(run)).filter((id) => only === undefined || id === only);
  const sessions = await Promise.all(
    ids.map(async (id) => {
      const [session, transcript] = await Promise.all([store.sessions.get(id), store.sessions.transcript(id)]);
      return { id, at: session?.at ?? 0, ...transcript };
    }),
  );
  return { sessions };
}

const actBody = z
  .strictObject({
    /** Chosen by the caller, so that a repeat of the call is not a second act. */
    id: z
      .string()
      .regex(/^[\w.:-]{1,100}$/, 'must be 1 to 100 letters, digits or . : _ -')
      .optional(),
    kind: z.enum(['escalate', 'unfreeze', 'cancel']),
    way: z.enum(UNFREEZE_WAYS).optional(),
    reverted: z.boolean().optional(),
    note: line(4_000),
  })
  .refine((act) => act.kind !== 'unfreeze' || act.way !== undefined, {
    path: ['way'],
    message: `unfreeze needs one of ${UNFREEZE_WAYS.join(', ')}`,
  })
  .refine((act) => act.kind === 'unfreeze' || (act.way === undefined && act.reverted === undefined), {
    path: ['way'],
    message: 'way and reverted go with unfreeze only',
  });

/** Checks against the row, writes the act, and only then pokes: an act outlives every worker and Temporal itself. */
export function addAct(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const run = await runOf(deps.store, pathParam(req, 'id'));
    const body = parseBody(actBody, req);
    const act: RequestedAct =
      body.kind === 'unfreeze'
        ? { kind: body.kind, way: body.way ?? 'abandon', reverted: body.reverted ?? false }
        : { kind: body.kind };
    const id = body.id ?? randomUUID();
    const earlier = (await deps.store.acts.list(run.id)).find((row) => row.id === id);
    if (earlier === undefined) {
      const refusal = refuseAct(run, act, body.note);
      if (refusal !== null) throw new ApiError(409, { code: 'refused', message: refusal });
    }
    const row =
      earlier ??
      (await deps.store.acts.add({
        id,
        run: run.id,
        data: act,
        by: principalOf(req),
        note: body.note,
        at: deps.now(),
      }));
    requireSameAct(row, run.id, act, body.note);
    res.status(earlier === undefined ? 201 : 200).json({ act: row, poked: await poke(deps, run.id) });
  };
}

function requireSameAct(row: ActRow, run: string, act: RequestedAct, note: string): void {
  const before = row.data.kind === 'unfreeze' ? `${row.data.way} ${row.data.reverted}` : row.data.kind;
  const wanted = act.kind === 'unfreeze' ? `${act.way} ${act.reverted}` : act.kind;
  if (row.run === run && before === wanted && row.note === note) return;
  throw new ApiError(409, {
    code: 'id-used',
    message: `the act id ${row.id} was used for another act`,
    field: 'id',
    remedy: 'choose a new id, or leave it out',
  });
}

/** An unreachable Temporal is no failure of the act: the run's workflow reads the row when it is back. */
async function poke(deps: ApiDeps, run: string): Promise<boolean> {
  try {
    await deps.engine.poke(run);
    return true;
  } catch (error) {
    deps.log({
      level: 'warn',
      message: 'the act is recorded, but its run could not be poked',
      run,
      detail: String(error),
    });
    return false;
  }
}
