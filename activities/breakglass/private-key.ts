/** A key of one identity, from bytes: the caller read them from wherever it keeps them, and nothing here reads a file or the environment. */
import ssh2 from 'ssh2';

declare const parsed: unique symbol;

/** Bytes that were found to be one usable private key. */
export interface PrivateKey {
  readonly bytes: Buffer;
  /** Of its public half, as it stands in `authorized_keys`. */
  readonly publicBlob: Buffer;
  readonly type: string;
  readonly [parsed]: true;
}

export type ReadPrivateKey =
  | { readonly ok: true; readonly key: PrivateKey }
  | { readonly ok: false; readonly why: string };

export function readPrivateKey(bytes: Buffer): ReadPrivateKey {
  // The library takes a certificate's text for a plain key, with the certificate's nonce as the key.
  if (/^\S+-cert-v01@openssh\.com /.test(bytes.toString('latin1', 0, 80)))
    return { ok: false, why: 'this is a certificate, which is not understood here: give the private key' };
  const read = ssh2.utils.parseKey(bytes);
  if (read instanceof Error) return { ok: false, why: whyNot(read.message) };
  // A file may hold several; OpenSSH writes one.
  const [key] = [read].flat();
  if (key === undefined) return { ok: false, why: 'it holds no key' };
  if (!key.isPrivateKey()) return { ok: false, why: 'this is the public half: give the file without .pub' };
  return { ok: true, key: { bytes, publicBlob: key.getPublicSSH(), type: key.type } as PrivateKey };
}

function whyNot(message: string): string {
  if (/passphrase|encrypted/i.test(message))
    return 'it is locked with a passphrase, which nobody is there to type: take it off (`ssh-keygen -p`) or make a key without';
  return `it is no private key that can be read here (${message}): make one with \`ssh-keygen -t ed25519\``;
}
