import type { RequestHandler } from 'express';
import type { ApiDeps } from './deps.ts';
import { viewStatus } from './operations.ts';
import { pathParam } from './parse.ts';
import { runOf, viewRun } from './runs.ts';
import { streamEvents } from './sse.ts';

/** Shorter than the idle limit of any proxy worth the name. */
const KEEPALIVE_MS = 15_000;

export function followRun(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { id } = await runOf(deps.store, pathParam(req, 'id'));
    await streamEvents(req, res, {
      events: deps.store.events,
      tail: deps.tail,
      subject: `run/${id}`,
      snapshot: () => viewRun(deps, id),
      keepaliveMs: KEEPALIVE_MS,
    });
  };
}

export function followAll(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const snapshot = () => viewStatus(deps);
    await streamEvents(req, res, { events: deps.store.events, tail: deps.tail, snapshot, keepaliveMs: KEEPALIVE_MS });
  };
}
