/** What a row of the route table (routes.ts) says. What has no row is not served. */
import type { Request, RequestHandler } from 'express';
import type { z } from 'zod';
import type { ApiDeps } from './deps.ts';
import type { Scope } from './scopes.ts';

interface Row {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** As express reads it. */
  readonly path: string;
  /** `open`: nobody is asked who they are, because the answer is the same for all and tells nothing of what is kept here. */
  readonly scope: Scope | 'open';
  /** One line for who reads the API's document. */
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Of refusals, those that body, path and scope don't say already. */
  readonly refusals?: readonly number[];
}

/** JSON of this shape and nothing beside it: what a row of the store has more is left out on the way. */
export interface JsonRoute extends Row {
  readonly answers: 'json';
  /** The usual one first. */
  readonly statuses: readonly number[];
  readonly schema: z.ZodType;
  readonly reply: (deps: ApiDeps) => (req: Request) => Promise<Reply<unknown>>;
}

/** What answers by itself. `events`: server-sent, of the snapshot's schema first. */
export interface RawRoute extends Row {
  readonly answers: 'events' | 'blob' | 'page' | 'file';
  readonly snapshot?: z.ZodType;
  /** With `?changes`. */
  readonly changes?: z.ZodType;
  readonly handle: (deps: ApiDeps) => RequestHandler;
}

export type Route = JsonRoute | RawRoute;

export interface Reply<T> {
  readonly status?: number;
  readonly value: T;
}

type Deep<T> = T extends object ? { readonly [Key in keyof T]: Deep<T[Key]> } : T;

/** Ties the shape to what its handler replies. */
export function json<S extends z.ZodType>(
  row: Row & {
    readonly statuses?: readonly number[];
    readonly schema: S;
    readonly reply: (deps: ApiDeps) => (req: Request) => Promise<Reply<Deep<z.input<S>>>>;
  },
): JsonRoute {
  return { statuses: [200], ...row, answers: 'json' };
}
