/** Who is calling. Later issuers add principals here, not routes. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { ApiError } from './errors.ts';
import { hostName, LOOPBACK_NAMES } from './guards.ts';
import type { Authenticate } from './mount.ts';
import { SCOPES } from './scopes.ts';

export const ACTOR_HEADER = 'x-lamplighter-actor';

const ANY_CONTROL = /\p{Cc}/u;

export interface AuthDeps {
  /** The operator's; empty lets nobody in. */
  readonly token: string;
}

export function createAuthenticate({ token }: AuthDeps): Authenticate {
  const expected = token === '' ? null : digest(Buffer.from(token, 'utf8'));
  return async (req, scope) => {
    const given = tokenOf(req);
    if (given === null) {
      if (scope === 'read' && isReading(req) && isFromHere(req)) return null;
      throw unauthorised(req, true);
    }
    // Digests have one length, so the comparison takes the same time whatever was sent.
    if (expected === null || !timingSafeEqual(digest(given), expected)) throw unauthorised(req, false);
    return { name: actorOf(req) ?? 'operator', kind: 'token', scopes: SCOPES };
  };
}

function isReading({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Asked for by an address of this machine, and not handed on by a proxy. A page of a rebound name can't: it sends its own name as Host. */
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

/** The name that a holder of the token acts under, percent-encoded UTF-8. It is a claim, which is why the kind stays `token`. */
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

function unauthorised(req: Request, missing: boolean): ApiError {
  return new ApiError(
    401,
    {
      code: 'unauthorised',
      message: missing ? 'this call needs `Authorization: Bearer <token>`' : 'the token is not one that is known here',
      remedy: 'send a token of `lamplighter token create`, or the text of operator.token in the data directory',
    },
    // The prompt is a browser's; it is of no use to a call.
    isReading(req) && !req.path.startsWith('/api/')
      ? { 'WWW-Authenticate': 'Basic realm="Lamplighter", charset="UTF-8"' }
      : {},
  );
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
