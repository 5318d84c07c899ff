import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import type { ApiDeps } from '../http/deps.ts';
import { callerOf } from '../http/mount.ts';
import { changesOfOverview, viewOverview } from '../status/overview-changes.ts';
import { besideOverview, besideRun } from '../status/standing.ts';
import { flag, pathParam } from '../http/parse.ts';
import { changesOfRun } from '../runs/run-changes.ts';
import { runOf, viewRun } from '../runs/runs.ts';
import { overview } from '../views/operations.ts';
import { runView } from '../views/run.ts';
import { streamEvents, type EventStream } from '../http/sse.ts';
import { runSubject } from '../../domain/unit.ts';

/**
 * Where a reader was: browsers say it by `Last-Event-ID` when they come back, others may begin so. `seen`: how what no event tells stood then, as a
 * page that is sent says it.
 */
export const placeQuery = z.object({
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
  seen: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
});

/** Shorter than the idle limit of any proxy worth the name. */
const KEEPALIVE_MS = 15_000;

export function followRun(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { id } = await runOf(deps.store, pathParam(req, 'id'));
    await streamEvents(req, res, {
      events: deps.store.events,
      tail: deps.tail,
      subject: runSubject(id),
      snapshot: async () => runView.parse(await viewRun(deps, id)),
      ...(wantsChanges(req) ? { frames: changesOfRun(deps, id), beside: besideRun(deps, id, seenBy(req)) } : {}),
      keepaliveMs: KEEPALIVE_MS,
      ...holdOf(deps, req),
    });
  };
}

export function followAll(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const snapshot = async () => overview.parse(await viewOverview(deps));
    await streamEvents(req, res, {
      events: deps.store.events,
      tail: deps.tail,
      snapshot,
      ...(wantsChanges(req) ? { frames: changesOfOverview(deps), beside: besideOverview(deps, seenBy(req)) } : {}),
      keepaliveMs: KEEPALIVE_MS,
      ...holdOf(deps, req),
    });
  };
}

/** A revocation is an event, which wakes every stream: one look at the row says whether it was this one's. */
function holdOf({ store, now }: ApiDeps, req: Request): Pick<EventStream, 'hold'> {
  const token = callerOf(req)?.token ?? null;
  if (token === null) return {};
  const stands = async (): Promise<boolean> => (await store.tokens.get(token.id))?.revokedAt === null;
  return { hold: { stands, msLeft: token.expiresAt === null ? null : token.expiresAt - now() } };
}

/** A browser that comes back has seen more since its page was sent. */
function seenBy(req: Request): string {
  const { seen } = req.query;
  return req.headers['last-event-id'] === undefined && typeof seen === 'string' ? seen : '';
}

function wantsChanges(req: Request): boolean {
  const given = flag.safeParse(req.query['changes']);
  return given.success && given.data;
}
