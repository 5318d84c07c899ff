/** Tokens for strangers: made here, shown once, kept as a digest. Whoever holds one is its name in acts and in the audit (events). */
import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { z } from 'zod';
import { tokenText } from '../../domain/api-token.ts';
import type { TokenRow } from '../../store/port.ts';
import type { ApiDeps } from '../http/deps.ts';
import { notFound } from '../http/errors.ts';
import { principalOf, scopeNeeded } from '../http/mount.ts';
import { line, nothing, parseBody, pathParam } from '../http/parse.ts';
import { SCOPES } from '../http/scopes.ts';
import { digestOf } from './token-digest.ts';
import type { TokenView } from '../views/view.ts';

const DAY_MS = 24 * 60 * 60_000;
/** Names under which others act already. */
const TAKEN = ['operator', 'lamplighter'];

export const newTokenBody = z.strictObject({
  name: line(100)
    .regex(/^[^\p{Cc}]*$/u, 'must be one line')
    .refine((name) => !TAKEN.includes(name.toLowerCase()), `must not be ${TAKEN.join(' or ')}`),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length).default(['read']),
  /** Absent: it does not expire. */
  days: z.number().positive().max(3_650).optional(),
});

export function createToken(deps: ApiDeps) {
  return async (req: Request) => {
    const { name, scopes, days } = parseBody(newTokenBody, req);
    const by = principalOf(req);
    const beyond = scopes.find((scope) => !by.scopes.includes(scope));
    // Nobody gives away what they have not.
    if (beyond !== undefined) throw scopeNeeded(beyond, by);
    const id = randomBytes(8).toString('hex');
    const secret = tokenText(id, randomBytes(32).toString('base64url'));
    const at = deps.now();
    const token = {
      id,
      name,
      digest: digestOf(Buffer.from(secret)).toString('hex'),
      scopes: SCOPES.filter((scope) => scopes.includes(scope)),
      by,
      createdAt: at,
      expiresAt: days === undefined ? null : at + Math.round(days * DAY_MS),
    };
    await deps.store.tokens.create(token);
    return { value: { token: viewToken({ ...token, lastUsedAt: null, revokedAt: null }), secret } };
  };
}

export function listTokens(deps: ApiDeps) {
  return async () => ({ value: { tokens: (await deps.store.tokens.list()).map(viewToken) } });
}

/** From now on it is refused; event streams that it holds open end (event-streams.ts). */
export function revokeToken(deps: ApiDeps) {
  return async (req: Request) => {
    parseBody(nothing, req);
    const id = pathParam(req, 'id');
    const token = await deps.store.tokens.revoke(id, principalOf(req), deps.now());
    if (token === null)
      throw notFound(`token ${JSON.stringify(id.slice(0, 100))}`, '`lamplighter token list` lists them');
    return { value: { token: viewToken(token) } };
  };
}

function viewToken({ id, name, scopes, by, createdAt, expiresAt, lastUsedAt, revokedAt }: TokenRow): TokenView {
  return { id, name, scopes, by: by.name, createdAt, expiresAt, lastUsedAt, revokedAt };
}
