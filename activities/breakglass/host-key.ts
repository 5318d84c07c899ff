/** The one key that the host must prove to have. It is compared whole; fingerprints are only how people see it. */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface HostKey {
  /** `ssh-ed25519`, … */
  readonly type: string;
  readonly blob: Buffer;
}

/** What a host of each type may sign with, as SSH names it. SHA-1 is not among them. */
const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

export type ReadHostKey = { readonly ok: true; readonly key: HostKey } | { readonly ok: false; readonly why: string };

/** A line as in `/etc/ssh/ssh_host_ed25519_key.pub`: type, key, maybe a comment. */
export function readHostKey(line: string): ReadHostKey {
  const [type = '', encoded = '', ...rest] = line.trim().split(/\s+/);
  if (type.endsWith('-cert-v01@openssh.com') || type === '@cert-authority')
    return { ok: false, why: 'certificates of hosts are not understood here: pin the key itself' };
  if (SIGNATURES[type] === undefined)
    return { ok: false, why: `must begin with one of ${Object.keys(SIGNATURES).join(', ')}` };
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return { ok: false, why: 'the key itself must be base64' };
  if (rest.length > 1) return { ok: false, why: 'is a single line: type, key, and at most one word of comment' };
  const blob = Buffer.from(encoded, 'base64');
  if (typeOf(blob) !== type) return { ok: false, why: `the key itself is no ${type}: copy the whole line again` };
  return { ok: true, key: { type, blob } };
}

/** The type that a key says about itself: its first field. Null: it is no key. */
function typeOf(blob: Buffer): string | null {
  if (blob.length < 4) return null;
  const length = blob.readUInt32BE(0);
  return length > 64 || blob.length <= 4 + length ? null : blob.toString('latin1', 4, 4 + length);
}

export function isSameKey(pinned: HostKey, presented: Buffer): boolean {
  return pinned.blob.length === presented.length && timingSafeEqual(pinned.blob, presented);
}

/** As `ssh-keygen -l` prints it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The pinned type first: a host with several keys then shows that one. The others stay, so that a host without it can be named. */
export function signaturesFor(pinned: HostKey): string[] {
  const own = SIGNATURES[pinned.type] ?? [];
  const others = Object.values(SIGNATURES).flat();
  return [...own, ...others.filter((one) => !own.includes(one))];
}
