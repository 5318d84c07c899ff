/** Who is spoken to, and who speaks. Everything refused here was refused before the host's script saw a word. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHostKey } from '../../config/host-key.ts';
import { type LabSshd, startLabSshd } from '../lab/sshd/sshd.ts';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { opId } from '../host/call.ts';
import { fakeHost } from '../host/fake-host.ts';
import { has } from '../setup/needs.ts';
import { clientOf, keyIn, targetOf } from './client-rig.ts';

describe.skipIf(!has('sshd'))('who is spoken to, and who speaks', { timeout: 120_000 }, () => {
  let host: FakeHost;
  let sshd: LabSshd;
  beforeAll(async () => {
    host = await fakeHost();
    sshd = await startLabSshd({ config: host.config });
    for (const [name, type] of [
      ['other', 'ed25519'],
      ['other-rsa', 'rsa'],
    ] as const)
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', join(host.root, name)]);
  });
  afterAll(() => sshd.close());

  it.each(['other', 'other-rsa'])(
    'a host with another key than the pinned one (%s) is told nothing; both fingerprints are named',
    async (name) => {
      const line = readFileSync(join(host.root, `${name}.pub`), 'utf8');
      const pinned = readHostKey(line);
      if (!pinned.ok) throw new Error(pinned.why);
      const expected = execFileSync('ssh-keygen', ['-lf', join(host.root, `${name}.pub`)], { encoding: 'utf8' }).split(
        ' ',
      )[1];

      const outcome = await clientOf(targetOf(sshd, 'human', { hostKey: pinned.key })).runVerb('cycle', opId());

      expect(outcome).toMatchObject({ told: 'client', result: 'failed', reason: 'host_key_mismatch', touched: false });
      expect(outcome.hint).toContain(`pinned ${expected}`);
      expect(outcome.hint).toContain(`presented ${sshd.fingerprint}`);
      expect(sshd.log()).not.toContain('Accepted publickey');
      expect(existsSync(host.path('log'))).toBe(false);
      expect(host.power()).toEqual([]);
    },
  );

  it('a key that the host does not know is refused, by its fingerprint', async () => {
    const key = keyIn(join(host.root, 'other'));
    const outcome = await clientOf(targetOf(sshd, 'human', { key })).runVerb('cycle', opId());
    expect(outcome).toMatchObject({ told: 'client', result: 'failed', reason: 'key_refused', touched: false });
    expect(outcome.hint).toMatch(/SHA256:.*authorized_keys/);
  });

  it('nor does an agent of the person help: keys come from memory alone', async () => {
    const socket = join(host.root, 'agent.sock');
    const said = execFileSync('ssh-agent', ['-a', socket, '-s'], { encoding: 'utf8' });
    const pid = /SSH_AGENT_PID=(\d+)/.exec(said)?.[1];
    const before = process.env['SSH_AUTH_SOCK'];
    try {
      process.env['SSH_AUTH_SOCK'] = socket;
      execFileSync('ssh-add', ['-q', sshd.keys.human], { stdio: 'ignore' });
      const key = keyIn(join(host.root, 'other'));
      const outcome = await clientOf(targetOf(sshd, 'human', { key })).runVerb('cycle', opId());
      expect(outcome).toMatchObject({ reason: 'key_refused' });
    } finally {
      if (before === undefined) delete process.env['SSH_AUTH_SOCK'];
      else process.env['SSH_AUTH_SOCK'] = before;
      if (pid !== undefined) process.kill(Number(pid));
    }
  });

  it('a user whom the host does not let in is refused the same way', async () => {
    const outcome = await clientOf(targetOf(sshd, 'human', { user: 'nobody' })).runVerb('cycle', opId());
    expect(outcome).toMatchObject({ reason: 'key_refused', hint: expect.stringContaining('nobody') as string });
  });

  it('nobody at the address is a refusal as well', async () => {
    await sshd.kill();
    const outcome = await clientOf(targetOf(sshd, 'human')).runVerb('cycle', opId());
    await sshd.restart();
    expect(outcome).toMatchObject({ result: 'failed', reason: 'host_unreachable', touched: false });
    expect(await clientOf(targetOf(sshd, 'human')).status()).toMatchObject({ ok: true });
  });
});
