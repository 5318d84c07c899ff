/** What people do to a run. Checked against the row, written, and only then poked: an act outlives every worker and Temporal itself. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Request } from 'express';
import { readHeld, withoutHolds } from '../../activities/agent/held-time.ts';
import { refuseAct, type RequestedAct } from '../../domain/act.ts';
import { addGrants, boundsWith, usedUp } from '../../domain/bounds.ts';
import type { ActRow, RunRow } from '../../store/port.ts';
import { actBody, requestedAct } from './act-body.ts';
import type { ApiDeps } from '../http/deps.ts';
import { ApiError } from '../http/errors.ts';
import { principalOf } from '../http/mount.ts';
import { parseBody, pathParam } from '../http/parse.ts';
import { withoutSecrets } from '../http/notes-without-secrets.ts';
import { runOf } from './runs.ts';
import { issueBudget, runSubject } from '../../domain/unit.ts';

export function addAct(deps: ApiDeps) {
  return async (req: Request) => {
    const run = await runOf(deps.store, pathParam(req, 'id'));
    const body = parseBody(actBody, req);
    const act = requestedAct(body);
    const id = body.id ?? randomUUID();
    const note = await withoutSecrets(deps, body.note);
    const earlier = (await deps.store.acts.list(run.id)).find((row) => row.id === id);
    if (earlier === undefined) {
      const asked = await lastHold(deps, run.id);
      const refusal = refuseAct({ ...run, asked }, act, body.note) ?? (await refuseRetry(deps, run, act));
      if (refusal !== null) throw new ApiError(409, { code: 'refused', message: refusal });
    }
    const row =
      earlier ??
      (await deps.store.acts.add({
        id,
        run: run.id,
        data: act,
        by: principalOf(req),
        note,
        at: deps.now(),
      }));
    // It ended between the look at its row and the act.
    if (row === null) throw new ApiError(409, { code: 'refused', message: await refuseNow(deps, run.id, act, note) });
    requireSameAct(row, run.id, act, note);
    return { status: earlier === undefined ? 201 : 200, value: { act: row, poked: await poke(deps, run.id) } };
  };
}

async function lastHold({ store }: ApiDeps, run: string): Promise<'pause' | 'resume' | undefined> {
  const kinds = (await store.acts.unread(run)).map((one) => one.data.kind);
  return kinds.findLast((kind) => kind === 'pause' || kind === 'resume');
}

async function refuseNow({ store }: ApiDeps, run: string, act: RequestedAct, note: string): Promise<string> {
  return refuseAct(await store.runs.get(run), act, note) ?? 'the run has ended, and nothing can move it';
}

/** A retry that could not make one turn would freeze again at once: it is refused with what to grant. */
async function refuseRetry({ store }: ApiDeps, run: RunRow, act: RequestedAct): Promise<string | null> {
  if (act.kind !== 'unfreeze' || act.way !== 'retry') return null;
  const { granted, sessionMs } = run.state.progress;
  const used = usedUp(boundsWith(run.bounds, addGrants(granted, act.grants)), {
    turns: await store.sessions.countTurns(runSubject(run.id)),
    microUsd: await store.ledger.spentOf(issueBudget(run.repo, run.issue)),
    sessionMs: withoutHolds(sessionMs, (await readHeld(store.control, run.id)).ms),
  });
  return used === null ? null : `the agent could not go on: ${used}`;
}

function requireSameAct(row: ActRow, run: string, act: RequestedAct, note: string): void {
  if (row.run === run && isDeepStrictEqual(row.data, act) && row.note === note) return;
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
