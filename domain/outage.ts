/**
 * Something outside is not to be had for now: a remote, the store, the disk. It heals without us, so it is waited out, by a deadline or
 * under the watchdog's eyes. What fails in any other way fails again, and goes to a person after a few tries.
 */
export class Outage extends Error {
  override readonly name = 'Outage';
}

/** What the system says of a network, a disk or a table that is full or gone for now. */
const PASSING = new Set([
  'EAGAIN',
  'EAI_AGAIN',
  'EBUSY',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EDQUOT',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EIO',
  'EMFILE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
  'ENOTFOUND',
  'EPIPE',
  'EROFS',
  'ETIMEDOUT',
]);

/** By class and code, never by words: whoever knows that something heals says so where it throws. */
export function isOutage(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof Outage) return true;
    if ('code' in at && typeof at.code === 'string' && PASSING.has(at.code)) return true;
  }
  return false;
}

/** What no world can bring about: a fault of our own. */
export function isBug(error: unknown): boolean {
  return (
    !isOutage(error) && (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
  );
}
