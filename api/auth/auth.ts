/** Who is calling. Later issuers add principals here, not routes. */
import { timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { tokenIdOf } from '../../domain/api-token.ts';
import { isLoopback } from '../../config/loopback.ts';
import type { Store, TokenRow } from '../../store/port.ts';
import type { ApiDeps } from '../http/deps.ts';
import { ApiError } from '../http/errors.ts';
import { hostName, LOOPBACK_NAMES } from '../http/guards.ts';
import type { Authenticate } from '../http/mount.ts';
import { SCOPES } from '../http/scopes.ts';
import { digestOf } from './token-digest.ts';

export const ACTOR_HEADER = 'x-lamplighter-actor';

const ANY_CONTROL = /\p{Cc}/u;

export type AuthDeps = Pick<ApiDeps, 'config' | 'token' | 'now' | 'log'> & { readonly store: Pick<Store, 'tokens'> };

/** A use is written down no more often. */
const USED_EVERY_MS = 60_000;

export function createAuthenticate(deps: AuthDeps): Authenticate {
  // An empty operator token lets nobody in.
  const operators = deps.token === '' ? null : digestOf(Buffer.from(deps.token, 'utf8'));
  const isPrivate = isLoopback(deps.config.api.host);
  return async (req, scope) => {
    const given = tokenOf(req);
    if (given === null) {
      if (scope === 'read' && isReading(req) && isPrivate && isFromHere(req)) return null;
      throw unauthorised(req, 'this call needs `Authorization: Bearer <token>`');
    }
    const digest = digestOf(given);
    // Digests have one length, so the comparison takes the same time whatever was sent.
    if (operators !== null && timingSafeEqual(digest, operators))
      return { principal: { name: actorOf(req) ?? 'operator', kind: 'token', scopes: SCOPES }, token: null };
    const row = await storedToken(deps.store, given, digest);
    if (row === null) throw unauthorised(req, 'the token is not one that is known here');
    const now = deps.now();
    if (row.revokedAt !== null) throw unauthorised(req, `the token ${row.name} (${row.id}) was revoked`);
    if (row.expiresAt !== null && row.expiresAt <= now)
      throw unauthorised(req, `the token ${row.name} (${row.id}) has expired`);
    await noteUse(deps, row, now);
    const { id, expiresAt, scopes } = row;
    // Who may make tokens of any name may use any name; the others are who their token says.
    const claimed = scopes.includes('admin') ? actorOf(req) : null;
    return { principal: { name: claimed ?? row.name, kind: 'token', scopes }, token: { id, expiresAt } };
  };
}

async function storedToken({ tokens }: AuthDeps['store'], given: Buffer, digest: Buffer): Promise<TokenRow | null> {
  const id = tokenIdOf(given.toString('latin1'));
  const row = id === null ? null : await tokens.get(id);
  return row !== null && timingSafeEqual(digest, Buffer.from(row.digest, 'hex')) ? row : null;
}

/** A courtesy: with a full disk the call goes on. */
async function noteUse({ store, log }: AuthDeps, { id, lastUsedAt }: TokenRow, now: number): Promise<void> {
  if (lastUsedAt !== null && now - lastUsedAt < USED_EVERY_MS) return;
  try {
    await store.tokens.used(id, now, USED_EVERY_MS);
  } catch (error) {
    log({ level: 'warn', message: 'the use of a token could not be written down', token: id, detail: String(error) });
  }
}

function isReading({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

/**
 * Of an api on loopback: asked for by an address of this machine, and not handed on by a proxy. A page of a rebound name can't: it sends its own name
 * as Host.
 */
function isFromHere({ headers }: Request): boolean {
  const handedOn = headers['forwarded'] !== undefined || headers['x-forwarded-for'] !== undefined;
  return !handedOn && LOOPBACK_NAMES.includes(hostName(headers.host ?? ''));
}

/** A bearer token; for reading, also the password of a browser's own prompt, so that the pages can be read from elsewhere. */
function tokenOf(req: Request): Buffer | null {
  const header = req.headers.authorization ?? '';
  // Header values arrive as Latin-1 text: taken back to bytes, so that a token of any script compares as it was sent.
  const bearer = /^bearer +(\S.*)$/i.exec(header)?.[1];
  if (bearer !== undefined) return Buffer.from(bearer.trimEnd(), 'latin1');
  const basic = isReading(req) ? /^basic +(\S+)$/i.exec(header)?.[1] : undefined;
  if (basic === undefined) return null;
  const pair = Buffer.from(basic, 'base64');
  const colon = pair.indexOf(':');
  return colon === -1 ? null : pair.subarray(colon + 1);
}

/** The name that its holder says to act under, percent-encoded UTF-8. It is a claim, which is why the kind stays `token`. */
function actorOf(req: Request): string | null {
  const given = req.headers[ACTOR_HEADER];
  if (given === undefined) return null;
  const name = decode(String(given));
  if (name === null || name.trim() === '' || name.length > 100 || ANY_CONTROL.test(name)) {
    throw new ApiError(400, {
      code: 'bad-actor',
      message: 'X-Lamplighter-Actor is not a name: 1 to 100 characters, percent-encoded UTF-8, no control characters',
      field: 'X-Lamplighter-Actor',
    });
  }
  return name.trim();
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

function unauthorised(req: Request, message: string): ApiError {
  return new ApiError(
    401,
    {
      code: 'unauthorised',
      message,
      remedy: 'send a token of `lamplighter token create`, or the text of operator.token in the data directory',
    },
    // The prompt is a browser's; it is of no use to a call.
    isReading(req) && !req.path.startsWith('/api/')
      ? { 'WWW-Authenticate': 'Basic realm="Lamplighter", charset="UTF-8"' }
      : {},
  );
}
