/** A pinned host key: the line as it stands in `/etc/ssh/ssh_host_ed25519_key.pub` on the host. */

export interface HostKey {
  readonly type: HostKeyType;
  readonly blob: Buffer;
}

export const HOST_KEY_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
] as const;
type HostKeyType = (typeof HOST_KEY_TYPES)[number];

export type ReadHostKey = { readonly ok: true; readonly key: HostKey } | { readonly ok: false; readonly why: string };

export function readHostKey(line: string): ReadHostKey {
  const [word = '', encoded = '', ...rest] = line.trim().split(/\s+/);
  if (word.endsWith('-cert-v01@openssh.com') || word === '@cert-authority')
    return { ok: false, why: 'certificates of hosts are not understood here: pin the key itself' };
  const type = HOST_KEY_TYPES.find((one) => one === word);
  if (type === undefined)
    return { ok: false, why: `must be the line of a public key, beginning with one of ${HOST_KEY_TYPES.join(', ')}` };
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return { ok: false, why: 'the key itself must be base64' };
  if (rest.length > 1) return { ok: false, why: 'must be a single line: type, key, and at most one word of comment' };
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
