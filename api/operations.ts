/** What an operator asks of the whole: is it well, what waits, stop, go, look again. */
import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { ApiDeps } from './deps.ts';
import { readHolds } from './caps.ts';
import { commandPlace } from './command-place.ts';
import { principalOf } from './mount.ts';
import { readKillSwitch, setKillSwitch } from './kill-switch.ts';
import { lookNow } from './look-now.ts';
import { readNotices } from './notices.ts';
import { flag, line, parseBody, parseQuery } from './parse.ts';
import { summariesOf } from './summaries.ts';
import type { QueueView, StatusView } from './view.ts';

/** This process answers; nothing more. */
export const alive: RequestHandler = (_req, res) => {
  res.json({ ok: true });
};

export function showHealth(deps: ApiDeps): RequestHandler {
  return async (_req, res) => {
    const health = await deps.health();
    res.status(health.ok ? 200 : 503).json(health);
  };
}

export async function viewStatus(deps: ApiDeps): Promise<StatusView> {
  const { store, config } = deps;
  const [killSwitch, openRuns, queue, health, notices, holds] = await Promise.all([
    readKillSwitch(store.control, config.dataDir),
    store.runs.list({ open: true, limit: 1_000 }).then((open) => summariesOf(store, open, deps.now())),
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
    openRuns,
    queued: queue.length,
    notices,
    holds,
    links: { temporal: deps.engine.runsUrl, commandPlace: commandPlace(config.dataDir) },
    ...health,
  };
}

export function showStatus(deps: ApiDeps): RequestHandler {
  return async (_req, res) => {
    res.json(await viewStatus(deps));
  };
}

async function queued(deps: ApiDeps) {
  const repos = await deps.store.queue.repos();
  return (await Promise.all(repos.map((repo) => deps.store.queue.waiting(repo)))).flat();
}

export function showQueue(deps: ApiDeps): RequestHandler {
  return async (_req, res) => {
    res.json({ queue: await queued(deps) } satisfies QueueView);
  };
}

const escalationQuery = z.strictObject({ run: line(100).optional(), undelivered: flag.optional() });

export function listEscalations(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { run, undelivered } = parseQuery(escalationQuery, req);
    const filter = { ...(run === undefined ? {} : { run }), ...(undelivered === undefined ? {} : { undelivered }) };
    res.json({ escalations: await deps.store.escalations.list(filter) });
  };
}

export function showKillSwitch(deps: ApiDeps): RequestHandler {
  return async (_req, res) => {
    res.json({ killSwitch: await readKillSwitch(deps.store.control, deps.config.dataDir) });
  };
}

const killSwitchBody = z.strictObject({ on: z.boolean(), note: line(1_000) });

export function putKillSwitch(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { on, note } = parseBody(killSwitchBody, req);
    const value = { on, note, by: principalOf(req).name, at: deps.now() };
    const killSwitch = await setKillSwitch(deps.store.control, deps.config.dataDir, value);
    if (!on) await lookNow(deps);
    res.json({ killSwitch });
  };
}

const nothing = z.strictObject({}).optional();

export function pollNow(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    parseBody(nothing, req);
    await deps.engine.pollNow();
    res.status(202).json({ polling: true });
  };
}

export function recover(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    parseBody(nothing, req);
    res.json(await deps.engine.recover());
  };
}
