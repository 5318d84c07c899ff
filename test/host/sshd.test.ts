/** The forced command behind a real sshd: what a key can say, and what it can't, whatever the client asks for. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { breakglassResultSchema } from '../../config/breakglass-result.ts';
import { type LabSshd, startLabSshd } from '../lab/sshd/sshd.ts';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { has } from '../setup/needs.ts';
import { type Identity, opId } from './call.ts';
import { fakeHost } from './fake-host.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let host: FakeHost;
let sshd: LabSshd;

function ssh(identity: Identity, words: readonly string[], options: readonly string[] = []): Promise<Ran> {
  const known = join(host.root, 'known_hosts');
  writeFileSync(known, `[${sshd.host}]:${sshd.port} ${sshd.hostKey}\n`);
  const args = [
    '-Fnone',
    `-p${sshd.port}`,
    `-i${sshd.keys[identity]}`,
    '-oIdentitiesOnly=yes',
    '-oBatchMode=yes',
    '-oStrictHostKeyChecking=yes',
    `-oUserKnownHostsFile=${known}`,
    ...options,
    // Words that begin with a dash are the request's, not the client's own options.
    '--',
    `${sshd.user}@${sshd.host}`,
    ...words,
  ];
  return new Promise((resolve) => {
    execFile('ssh', args, { timeout: 25_000 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 255, stdout, stderr }),
    );
  });
}

describe.skipIf(!has('sshd'))('the forced command behind a real sshd', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    host = await fakeHost();
    sshd = await startLabSshd({ config: host.config });
  });
  afterAll(() => sshd.close());

  it.each(['ro', 'agent', 'human'] as const)('the key of %s is that identity, and no other', async (identity) => {
    const ran = await ssh(identity, ['status']);
    expect(ran.code).toBe(0);
    expect(breakglassResultSchema.parse(JSON.parse(ran.stdout))).toMatchObject({ identity, verb: 'status' });
  });

  it('a mutating verb goes through, its exit code and its words on stderr too', async () => {
    const op = opId();
    const ran = await ssh('human', ['cycle', `op=${op}`]);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain(`op ${op}`);
    expect(JSON.parse(ran.stdout)).toMatchObject({ op, result: 'ok', touched: true });
    expect(host.power().map((line) => line.split(' ')[0])).toEqual(['stop', 'start']);
  });

  it.each(['id', 'status; id', '$(id)', 'ro', `--run ${opId()}`, '-c id'])(
    '`%s` is not understood and no shell sees it',
    async (words) => {
      const ran = await ssh('human', [words]);
      expect(ran).toMatchObject({ code: 2, stdout: '' });
      expect(ran.stderr).not.toContain('uid=');
    },
  );

  it('there is no terminal, no forwarding and no file transfer for these keys', async () => {
    const terminal = await ssh('human', ['status'], ['-tt']);
    expect(terminal.stderr).toContain('PTY allocation request failed');
    const forward = await ssh('human', [], ['-W', `127.0.0.1:${sshd.port}`]);
    expect(forward.stderr).toMatch(/administratively prohibited|open failed/);
    const listen = await ssh('human', ['status'], ['-R', '0:127.0.0.1:9', '-o', 'ExitOnForwardFailure=yes']);
    expect(listen.stderr).toContain('remote port forwarding failed');
    const sftp = await ssh('human', ['sftp'], ['-s']);
    expect(sftp).toMatchObject({ code: 2, stdout: '' });
  });

  it('kill takes the connections and leaves the op; restart lets new ones in with the same host key', async () => {
    const before = sshd.fingerprint;
    await sshd.kill();
    expect((await ssh('ro', ['status'])).code).toBe(255);
    await sshd.restart();
    expect((await ssh('ro', ['status'])).code).toBe(0);
    expect(sshd.fingerprint).toBe(before);
  });
});
