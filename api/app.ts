/** The api as one express application. The caller binds it, to loopback unless an operator says otherwise. */
import { readFileSync } from 'node:fs';
import express, { type Express } from 'express';
import type { WatchdogStanding } from '../activities/watchdog/watchdog.ts';
import { createAuthenticate } from './auth/auth.ts';
import type { ApiDeps } from './http/deps.ts';
import { createErrorHandler, type LogEntry } from './http/errors.ts';
import { requireOwnOrigin, securityHeaders } from './http/guards.ts';
import { createHealth } from './standing/health.ts';
import { mount } from './http/mount.ts';
import { presentError } from './pages.ts';
import { ROUTES } from './routes.ts';
import { createEventTail } from './http/tail.ts';
import { lookAtStanding } from './status/standing.ts';

/** These have defaults: nothing is watched, every part answers, this release, JSON lines on stderr. */
export type ApiOptions = Omit<ApiDeps, 'watchdog' | 'health' | 'version' | 'log' | 'tail'> &
  Partial<Pick<ApiDeps, 'watchdog' | 'health' | 'version' | 'log'>>;

/** How soon a stream learns of rows that other processes wrote. */
const TAIL_MS = 200;

/** How soon open pages learn of what no event tells, such as that the worker is back. */
const STANDING_MS = 2_000;

export function createApp(options: ApiOptions): Express {
  const watchdog = options.watchdog ?? unwatched;
  const deps: ApiDeps = {
    watchdog,
    health: createHealth(options.store, watchdog),
    version: ownVersion(),
    log: logToStderr,
    tail: createEventTail({
      events: options.store.events,
      everyMs: TAIL_MS,
      standing: () => lookAtStanding(deps),
      standingEveryMs: STANDING_MS,
    }),
    ...options,
  };
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(securityHeaders);
  app.use(requireOwnOrigin(deps.config.api));
  app.use(mount(ROUTES, deps, createAuthenticate(deps)));
  app.use(createErrorHandler({ log: deps.log, present: presentError }));
  return app;
}

function unwatched(): WatchdogStanding {
  return { lookedAt: null, failure: null, findings: [], ping: null };
}

function ownVersion(): string {
  const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return own.version;
}

function logToStderr(entry: LogEntry): void {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
}
