/** Who is calling. One operator token for now; later issuers add principals here, not routes. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import type { Principal } from '../store/port.ts';
import { ApiError } from './errors.ts';

export const ACTOR_HEADER = 'x-lamplighter-actor';

const ANY_CONTROL = /\p{Cc}/u;

/** The principal of a request, or a 401. An empty configured token lets nobody in. */
export function createAuthenticate(token: string): (req: Request) => Principal {
  const expected = token === '' ? null : digest(Buffer.from(token, 'utf8'));
  return (req) => {
    const given = bearerOf(req);
    // Digests have one length, so the comparison takes the same time whatever was sent.
    if (expected === null || given === null || !timingSafeEqual(digest(given), expected))
      throw unauthorised(given === null);
    return { name: actorOf(req) ?? 'operator', kind: 'token', scopes: ['operate'] };
  };
}

/** Header values arrive as Latin-1 text: taken back to bytes, so that a token of any script compares as it was sent. */
function bearerOf(req: Request): Buffer | null {
  const match = /^bearer +(\S.*)$/i.exec(req.headers.authorization ?? '');
  return match?.[1] === undefined ? null : Buffer.from(match[1].trimEnd(), 'latin1');
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

function unauthorised(missing: boolean): ApiError {
  return new ApiError(401, {
    code: 'unauthorised',
    message: missing ? 'this call needs `Authorization: Bearer <token>`' : 'the token is not the operator token',
    remedy: 'send the text of operator.token in the data directory',
  });
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
