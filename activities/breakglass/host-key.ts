/** The one key that the host must prove to have. It is compared whole; fingerprints are only how people see it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { HostKey } from '../../config/host-key.ts';

/** What a host of each type may sign with, as SSH names it. SHA-1 is not among them. */
const SIGNATURES: Readonly<Record<HostKey['type'], readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

export function isSameKey(pinned: HostKey, presented: Buffer): boolean {
  return pinned.blob.length === presented.length && timingSafeEqual(pinned.blob, presented);
}

/** As `ssh-keygen -l` prints it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The pinned type first: a host with several keys then shows that one. The others stay, so that a host without it can be named. */
export function signaturesFor(pinned: HostKey): string[] {
  const own = SIGNATURES[pinned.type];
  const others = Object.values(SIGNATURES).flat();
  return [...own, ...others.filter((one) => !own.includes(one))];
}
