import { createHash } from 'node:crypto';

/** Enough for a token of 256 random bits: there is nothing to guess that a slow hash would slow down. */
export function digestOf(token: Buffer): Buffer {
  return createHash('sha256').update(token).digest();
}
