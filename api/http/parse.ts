/** zod at the edge: what is wrong, in which field, and what was expected. */
import type { Request } from 'express';
import { z } from 'zod';
import { ApiError } from './errors.ts';

export function parseBody<T extends z.ZodType>(schema: T, req: Request): z.output<T> {
  return parse(schema, req.body, 'bad-body');
}

export function parseQuery<T extends z.ZodType>(schema: T, req: Request): z.output<T> {
  return parse(schema, { ...req.query }, 'bad-query');
}

function parse<T extends z.ZodType>(schema: T, value: unknown, code: string): z.output<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = [...(issue?.path ?? []).map(String), ...(unknownKey === undefined ? [] : [unknownKey])].join('.');
  throw new ApiError(400, {
    code,
    message: field === '' ? (issue?.message ?? 'unreadable') : `${field}: ${issue?.message ?? 'unreadable'}`,
    ...(field === '' ? {} : { field }),
  });
}

/** A segment of the path, decoded; a wildcard's segments joined. */
export function pathParam(req: Request, name: string): string {
  const value: string | string[] | undefined = req.params[name];
  if (value === undefined) throw new Error(`the route of ${req.path} has no parameter ${name}`);
  return Array.isArray(value) ? value.join('/') : value;
}

/** Query flags: present without a value counts as yes. */
export const flag = z.enum(['true', 'false', '1', '0', '']).transform((text) => text !== 'false' && text !== '0');
export const wholeNumber = (max: number) => z.coerce.number().int().min(1).max(max);
export const line = (max: number) => z.string().trim().min(1, 'must not be empty').max(max);
/** The body of what needs nothing said. */
export const nothing = z.strictObject({}).optional();
