import type { RequestHandler } from 'express';
import type { ApiDeps } from './deps.ts';
import type { Scope } from './scopes.ts';

/** One row of the route table (routes.ts). What has no row is not served. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** As express reads it. */
  readonly path: string;
  /** `open`: nobody is asked who they are, because the answer is the same for all and tells nothing of what is kept here. */
  readonly scope: Scope | 'open';
  readonly handle: (deps: ApiDeps) => RequestHandler;
}
