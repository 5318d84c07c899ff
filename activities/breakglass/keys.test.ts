/** Keys as bytes: what is taken, and what is refused before anything is connected. The certificates are traps of the library. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHostKey } from '../../config/host-key.ts';
import { has } from '../../test/setup/needs.ts';
import { fingerprintOf, isSameKey, signaturesFor } from './host-key.ts';
import { readPrivateKey } from './private-key.ts';

let folder: string;
const file = (name: string): Buffer => readFileSync(join(folder, name));
const keygen = (...args: string[]): string =>
  execFileSync('ssh-keygen', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const pinOf = (name: string) => {
  const read = readHostKey(file(`${name}.pub`).toString());
  if (!read.ok) throw new Error(read.why);
  return read.key;
};

beforeAll(() => {
  if (!has('ssh')) return;
  folder = mkdtempSync(join(tmpdir(), 'keys-'));
  keygen('-q', '-t', 'ed25519', '-N', '', '-C', 'mine', '-f', 'ed25519');
  keygen('-q', '-t', 'ecdsa', '-N', '', '-C', 'mine', '-f', 'ecdsa');
  keygen('-q', '-t', 'rsa', '-b', '2048', '-N', '', '-C', 'mine', '-f', 'rsa');
  keygen('-q', '-t', 'ed25519', '-N', 'secret', '-C', 'mine', '-f', 'locked');
  keygen('-q', '-t', 'ed25519', '-N', '', '-C', 'ca', '-f', 'ca');
  keygen('-q', '-s', 'ca', '-I', 'id', '-n', 'root', 'ed25519.pub');
});
afterAll(() => {
  if (has('ssh')) rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!has('ssh'))('a private key', () => {
  it.each(['ed25519', 'ecdsa', 'rsa'])('of type %s is taken, and its public half known', (name) => {
    const read = readPrivateKey(file(name));
    expect(read).toMatchObject({ ok: true });
    if (read.ok) expect(fingerprintOf(read.key.publicBlob)).toBe(keygen('-lf', `${name}.pub`).split(' ')[1]);
  });

  it.each([
    ['ed25519.pub', 'public half'],
    ['ed25519-cert.pub', 'certificate'],
    ['locked', 'passphrase'],
  ])('%s is none: %s', (name, why) => {
    expect(readPrivateKey(file(name))).toEqual({ ok: false, why: expect.stringContaining(why) as string });
  });

  it.each([
    ['', /no private key/],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNza', /no private key/],
    ['\0\0\0\u000bssh-ed25519', /no private key/],
  ])('%j is none', (text, why) => {
    expect(readPrivateKey(Buffer.from(text))).toEqual({ ok: false, why: expect.stringMatching(why) as string });
  });
});

describe.skipIf(!has('ssh'))('a pinned host key', () => {
  it.each(['ed25519', 'ecdsa', 'rsa'])(
    'of type %s is the line of its public file, known to people by its fingerprint',
    (name) => {
      const pinned = pinOf(name);
      expect(fingerprintOf(pinned.blob)).toBe(keygen('-lf', `${name}.pub`).split(' ')[1]);
      expect(isSameKey(pinned, Buffer.from(pinned.blob))).toBe(true);
    },
  );

  it('is no other key, not by its beginning and not by its length', () => {
    const pinned = pinOf('ed25519');
    expect(isSameKey(pinned, pinOf('ca').blob)).toBe(false);
    expect(isSameKey(pinned, pinned.blob.subarray(0, -1))).toBe(false);
    expect(isSameKey(pinned, Buffer.concat([pinned.blob, Buffer.from([0])]))).toBe(false);
    expect(isSameKey(pinned, Buffer.alloc(0))).toBe(false);
  });

  it('is asked for first, and never with SHA-1', () => {
    expect(signaturesFor(pinOf('rsa'))[0]).toBe('rsa-sha2-512');
    expect(signaturesFor(pinOf('ed25519'))[0]).toBe('ssh-ed25519');
    expect(signaturesFor(pinOf('ecdsa'))).not.toContain('ssh-rsa');
  });

  it.each([
    ['a certificate', () => file('ed25519-cert.pub').toString(), 'certificates'],
    ['a CA line', () => `@cert-authority ${file('ca.pub').toString()}`, 'certificates'],
    ['a fingerprint', () => 'SHA256:uNiVztksCsDhcc0u9e8BrZpx', 'beginning with one of'],
    ['DSA', () => 'ssh-dss AAAAB3NzaC1kc3M=', 'beginning with one of'],
    ['nothing', () => '', 'beginning with one of'],
    ['another type before the key', () => file('ca.pub').toString().replace('ssh-ed25519', 'ssh-rsa'), 'no ssh-rsa'],
    ['half a key', () => 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5', 'no ssh-ed25519'],
    ['a known_hosts line', () => `host.example ${file('ca.pub').toString()}`, 'beginning with one of'],
    ['two keys', () => `${file('ca.pub').toString()}${file('rsa.pub').toString()}`, 'single line'],
  ])('%s is refused', (_name, line, why) => {
    expect(readHostKey(line())).toEqual({ ok: false, why: expect.stringContaining(why) as string });
  });
});
