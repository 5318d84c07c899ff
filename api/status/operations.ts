/** What an operator asks of the whole: is it well, what waits, stop, go, look again. */
import type { Request } from 'express';
import { z } from 'zod';
import type { ApiDeps } from '../http/deps.ts';
import { readHolds } from '../caps/caps.ts';
import { commandPlace } from '../http/command-place.ts';
import { principalOf } from '../http/mount.ts';
import { readKillSwitch, setKillSwitch } from '../standing/kill-switch.ts';
import { lookNow } from '../http/look-now.ts';
import { readNotices } from '../issues/notices.ts';
import { flag, line, nothing, parseBody, parseQuery } from '../http/parse.ts';
import { summariesOf } from '../runs/summaries.ts';
import type { StatusView } from '../views/view.ts';

/** This process answers; nothing more. */
export function alive() {
  return async () => ({ value: { ok: true } as const });
}

export function showHealth(deps: ApiDeps) {
  return async () => {
    const health = await deps.health();
    return { status: health.ok ? 200 : 503, value: health };
  };
}

export async function viewStatus(deps: ApiDeps): Promise<StatusView> {
  const [standing, openRuns] = await Promise.all([
    viewStanding(deps),
    deps.store.runs.list({ open: true, limit: 1_000 }).then((open) => summariesOf(deps, open)),
  ]);
  return { ...standing, openRuns };
}

/** The status without the runs. */
export async function viewStanding(deps: ApiDeps): Promise<Omit<StatusView, 'openRuns'>> {
  const { store, config } = deps;
  const [killSwitch, queue, health, notices, holds] = await Promise.all([
    readKillSwitch(store.control, config.dataDir),
    queued(deps),
    deps.health(),
    readNotices(deps),
    readHolds(deps),
  ]);
  return {
    version: deps.version,
    node: process.version,
    now: deps.now(),
    killSwitch,
    allow: config.allow,
    repos: config.repos.map(({ key, name }) => ({ key, name, allowed: config.allow.includes(name) })),
    model: { provider: config.model.provider, name: config.model.name },
    queued: queue.length,
    notices,
    holds,
    links: { temporal: deps.engine.runsUrl, commandPlace: commandPlace(config.dataDir) },
    ...health,
  };
}

export function showStatus(deps: ApiDeps) {
  return async () => ({ value: await viewStatus(deps) });
}

async function queued(deps: ApiDeps) {
  const repos = await deps.store.queue.repos();
  return (await Promise.all(repos.map((repo) => deps.store.queue.waiting(repo)))).flat();
}

export function showQueue(deps: ApiDeps) {
  return async () => ({ value: { queue: await queued(deps) } });
}

export const escalationsQuery = z.strictObject({ run: line(100).optional(), undelivered: flag.optional() });

export function listEscalations(deps: ApiDeps) {
  return async (req: Request) => {
    const { run, undelivered } = parseQuery(escalationsQuery, req);
    const filter = { ...(run === undefined ? {} : { run }), ...(undelivered === undefined ? {} : { undelivered }) };
    return { value: { escalations: await deps.store.escalations.list(filter) } };
  };
}

export function showKillSwitch(deps: ApiDeps) {
  return async () => ({ value: { killSwitch: await readKillSwitch(deps.store.control, deps.config.dataDir) } });
}

export const killSwitchBody = z.strictObject({ on: z.boolean(), note: line(1_000) });

export function putKillSwitch(deps: ApiDeps) {
  return async (req: Request) => {
    const { on, note } = parseBody(killSwitchBody, req);
    const value = { on, note, by: principalOf(req).name, at: deps.now() };
    const killSwitch = await setKillSwitch(deps.store.control, deps.config.dataDir, value);
    if (!on) await lookNow(deps);
    return { value: { killSwitch } };
  };
}

export function pollNow(deps: ApiDeps) {
  return async (req: Request) => {
    parseBody(nothing, req);
    await deps.engine.pollNow();
    return { value: { polling: true } as const };
  };
}

export function recover(deps: ApiDeps) {
  return async (req: Request) => {
    parseBody(nothing, req);
    return { value: await deps.engine.recover() };
  };
}
