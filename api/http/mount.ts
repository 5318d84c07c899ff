/** The one place where a route's scope is checked: a router of the table's rows, each behind its guard. */
import express, { Router, type Request, type RequestHandler } from 'express';
import { headOf } from '../../domain/text.ts';
import type { Principal } from '../../store/port.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';
import type { Route } from './route.ts';
import type { Scope } from './scopes.ts';

/** Null: nobody in particular, who may do what this scope opens all the same (auth.ts says when). Throws a 401 for whoever else is nobody. */
export type Authenticate = (req: Request, scope: Scope) => Promise<Caller | null>;

export interface Caller {
  readonly principal: Principal;
  /** The stored token by which it is known; null: the operator's. */
  readonly token: { readonly id: string; readonly expiresAt: number | null } | null;
}

const BODY_LIMIT = '256kb';

export function mount(table: readonly Route[], deps: ApiDeps, authenticate: Authenticate): Router {
  const router = Router();
  for (const route of table) {
    const guards = route.scope === 'open' ? [] : [requireScope(route.scope, authenticate)];
    const handlers = [...guards, ...bodyOf(route), handlerOf(route, deps)];
    switch (route.method) {
      case 'GET':
        router.get(route.path, ...handlers);
        break;
      case 'POST':
        router.post(route.path, ...handlers);
        break;
      case 'PUT':
        router.put(route.path, ...handlers);
        break;
    }
  }
  router.use(noRoute(authenticate));
  return router;
}

function handlerOf(route: Route, deps: ApiDeps): RequestHandler {
  if (route.answers !== 'json') return route.handle(deps);
  const { schema, statuses } = route;
  const reply = route.reply(deps);
  return async (req, res) => {
    const { status = statuses[0] ?? 200, value } = await reply(req);
    // Read by its own shape: what a row has more stays here.
    res.status(status).json(schema.parse(value));
  };
}

/** What has no row is refused: to whoever would change something only once they have said who they are. */
function noRoute(authenticate: Authenticate): RequestHandler {
  return async (req) => {
    if (!['GET', 'HEAD'].includes(req.method)) await authenticate(req, 'admin');
    throw new ApiError(404, {
      code: 'no-route',
      message: `there is no ${req.method} ${headOf(req.path, 200)}`,
      remedy: 'pages begin at /; the API begins at /api/status',
    });
  };
}

const callers = new WeakMap<Request, Caller>();

function requireScope(scope: Scope, authenticate: Authenticate): RequestHandler {
  return async (req, _res, next) => {
    const caller = await authenticate(req, scope);
    if (caller !== null) {
      if (!caller.principal.scopes.includes(scope)) throw scopeNeeded(scope, caller.principal);
      callers.set(req, caller);
    }
    next();
  };
}

export function scopeNeeded(scope: Scope, { name, scopes }: Principal): ApiError {
  return new ApiError(403, {
    code: 'scope-needed',
    message: `this needs the scope ${scope}; the token ${name} has ${scopes.length === 0 ? 'none' : scopes.join(', ')}`,
    remedy: `use a token that has it: \`lamplighter token create --scope ${scope}\` makes one`,
  });
}

/** Whatever changes something comes as JSON: a form of another site can't send that. */
function bodyOf({ method }: Route): RequestHandler[] {
  return method === 'GET' ? [] : [requireJson, express.json({ limit: BODY_LIMIT, strict: true })];
}

const requireJson: RequestHandler = (req, _res, next) => {
  if (!/^application\/json\s*(;|$)/i.test(req.headers['content-type'] ?? '')) {
    throw new ApiError(415, {
      code: 'json-only',
      message: 'the body must be JSON',
      remedy: 'send `Content-Type: application/json`, and `{}` where there is nothing to say',
    });
  }
  next();
};

export function principalOf(req: Request): Principal {
  const caller = callerOf(req);
  if (caller === null) throw new Error(`${req.method} ${req.path} reached its handler without a principal`);
  return caller.principal;
}

/** Null: nobody in particular. */
export function callerOf(req: Request): Caller | null {
  return callers.get(req) ?? null;
}
