import type { Request } from 'express';
import { z } from 'zod';
import { actInWords } from '../../domain/act.ts';
import { boundsWith } from '../../domain/bounds.ts';
import type { EvidenceRow, RunRow, Store } from '../../store/port.ts';
import type { ApiDeps } from '../http/deps.ts';
import { readHolds } from '../caps/caps.ts';
import { readKillSwitch } from '../standing/kill-switch.ts';
import { commandPlace } from '../http/command-place.ts';
import { notFound } from '../http/errors.ts';
import { viewEvidence } from './evidence.ts';
import { viewFixForward } from './fix-forward.ts';
import { movesOf } from './moves.ts';
import { flag, line, parseQuery, pathParam, wholeNumber } from '../http/parse.ts';
import { keyWithRuns } from '../repos/repos.ts';
import { summariesOf } from './summaries.ts';
import type { RunView, SessionView, TranscriptView } from '../views/view.ts';
import { issueBudget, runSubject } from '../../domain/unit.ts';

const LISTED = 100;
const MOST = 1_000;

export const runsQuery = z.strictObject({
  open: flag.optional(),
  repo: line(200).optional(),
  issue: wholeNumber(1e9).optional(),
  limit: wholeNumber(MOST).default(LISTED),
  /** Beginning of a run's id. */
  id: line(100).optional(),
});

export function listRuns(deps: ApiDeps) {
  return async (req: Request) => {
    const { open, repo, issue, limit, id } = parseQuery(runsQuery, req);
    const key = repo === undefined ? undefined : await keyWithRuns(deps, repo);
    const rows = await deps.store.runs.list({
      limit: id === undefined ? limit : MOST,
      ...(open === undefined ? {} : { open }),
      ...(key === undefined ? {} : { repo: key }),
      ...(issue === undefined ? {} : { issue }),
    });
    const found = id === undefined ? rows : rows.filter((run) => run.id.startsWith(id)).slice(0, limit);
    return { value: { runs: await summariesOf(deps, found) } };
  };
}

export function showRun(deps: ApiDeps) {
  return async (req: Request) => ({ value: await viewRun(deps, pathParam(req, 'id')) });
}

export const transcriptQuery = z.strictObject({ session: line(200).optional(), from: wholeNumber(1e9).default(1) });

export function showTranscript(deps: ApiDeps) {
  return async (req: Request) => {
    const { session, from } = parseQuery(transcriptQuery, req);
    const run = await runOf(deps.store, pathParam(req, 'id'));
    const { sessions } = await viewTranscript(deps.store, run.id, session);
    return { value: { sessions: sessions.map((one) => since(one, from)) } };
  };
}

export async function runOf(store: Store, id: string): Promise<RunRow> {
  const run = await store.runs.get(id);
  if (run === null) throw notFound(`run ${JSON.stringify(id.slice(0, 100))}`, '`lamplighter runs` lists them');
  return run;
}

/** Stages in which the model is called. */
const SPENDING: readonly RunRow['state']['stage'][] = ['triage', 'implement', 'fix'];

/** Reached caps that bind the run just now. */
export async function viewHolds(deps: ApiDeps, id: string): Promise<RunView['holds']> {
  return holdsOf(deps, await runOf(deps.store, id));
}

async function holdsOf(deps: ApiDeps, { repo, state }: RunRow): Promise<RunView['holds']> {
  return SPENDING.includes(state.stage) ? readHolds(deps, repo) : [];
}

export async function viewRun(deps: ApiDeps, id: string): Promise<RunView> {
  const { store } = deps;
  const run = await runOf(store, id);
  const [transitions, evidence, acts, escalations, effects, runMicroUsd, issueMicroUsd, turns, holds, killSwitch] =
    await Promise.all([
      store.runs.transitions(id),
      store.evidence.list(runSubject(id)),
      store.acts.list(id),
      store.escalations.list({ run: id }),
      store.effects.list(runSubject(id)),
      store.ledger.spentBy(runSubject(id)),
      store.ledger.spentOf(issueBudget(run.repo, run.issue)),
      store.sessions.countTurns(runSubject(id)),
      holdsOf(deps, run),
      readKillSwitch(store.control, deps.config.dataDir),
    ]);
  const { release, seq, state, plan, bounds } = run;
  const [summary] = await summariesOf(deps, [run]);
  if (summary === undefined) throw new Error(`run ${id} has no summary`);
  const [fixForward, approval] = await Promise.all([
    viewFixForward(store.evidence, run, transitions, evidence),
    viewApproval(store.evidence, run, evidence),
  ]);
  return {
    run: {
      ...summary,
      release,
      seq,
      state,
      plan,
      bounds: boundsWith(bounds, state.progress.granted),
    },
    transitions,
    evidence: evidence.map(viewEvidence),
    acts: acts.map((act) => ({ ...act, words: actInWords(act.data) })),
    escalations,
    effects,
    spend: { runMicroUsd, issueMicroUsd, capMicroUsd: boundsWith(bounds, state.progress.granted).issueMicroUsd, turns },
    moves: movesOf(run, commandPlace(deps.config.dataDir)),
    fixForward,
    approval,
    holds,
    killSwitch,
    links: {
      page: `${deps.config.api.publicUrl.replace(/\/$/, '')}/runs/${encodeURIComponent(id)}`,
      temporal: deps.engine.links(run).temporalUrl,
      commandPlace: commandPlace(deps.config.dataDir),
    },
  };
}

/** More is a click away, and no person reads it in a terminal. */
const DIFF_BYTES = 40_000;

async function viewApproval(
  store: Store['evidence'],
  { state }: RunRow,
  evidence: readonly EvidenceRow[],
): Promise<RunView['approval']> {
  if (state.stage !== 'awaiting-approval') return null;
  const { head, since: at } = state;
  const row = evidence.findLast((one) => one.kind === 'diff' && one.sha === head);
  const body = row === undefined ? null : await store.body(row.id);
  if (row === undefined || body === null) return { head, since: at, diff: null };
  const text = new TextDecoder().decode(body.subarray(0, DIFF_BYTES));
  return { head, since: at, diff: { evidence: row.id, text, whole: body.byteLength <= DIFF_BYTES } };
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
  const ids = (await store.sessions.ofUnit(runSubject(run))).filter((id) => only === undefined || id === only);
  const sessions = await Promise.all(
    ids.map(async (id) => {
      const [session, transcript] = await Promise.all([store.sessions.get(id), store.sessions.transcript(id)]);
      return { id, at: session?.at ?? 0, ...transcript };
    }),
  );
  return { sessions };
}
