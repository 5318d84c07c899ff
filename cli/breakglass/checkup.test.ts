/** `lamplighter doctor --breakglass`: all well, and each thing that can be wrong, found with its remedy and without touching the power. */
import { copyFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadBreakglass } from '../../config/load-breakglass.ts';
import { type Desk, deskFor } from '../../test/breakglass/command-rig.ts';
import { clientOf, targetOf } from '../../test/breakglass/client-rig.ts';
import { opId, script } from '../../test/host/call.ts';
import { fakeHost } from '../../test/host/fake-host.ts';
import type { FakeHost } from '../../test/lab/fake-host/fake-host.ts';
import { type LabSshd, type LabSshdInput, startLabSshd } from '../../test/lab/sshd/sshd.ts';
import { has } from '../../test/setup/needs.ts';
import type { Finding } from '../checkup/checkup.ts';
import { checkBreakglass } from './checkup.ts';

describe.skipIf(!has('sshd'))('doctor --breakglass', { timeout: 120_000 }, () => {
  let host: FakeHost;
  let sshd: LabSshd;
  let desk: Desk;
  let power: string[];
  const others: { close(): unknown }[] = [];
  beforeAll(async () => {
    host = await fakeHost();
    sshd = await startLabSshd({ config: host.config });
    desk = deskFor(sshd);
  });
  afterAll(async () => {
    desk.close();
    await sshd.close();
  });
  beforeEach(() => {
    desk.configure();
    power = host.power();
  });
  afterEach(async () => {
    expect(host.power(), 'doctor turns no power').toEqual(power);
    for (const one of others.splice(0)) await one.close();
  });

  async function look(at: Desk, now: () => number = Date.now): Promise<Map<string, Finding>> {
    const config = loadBreakglass(join(at.folder, 'lamplighter.yaml'));
    if (config === null) throw new Error('the desk has no section breakglass');
    return new Map((await checkBreakglass(config, now)).map((one) => [one.name, one]));
  }

  /** A host that was set up wrongly, and a desk for it. */
  async function otherwise(input: Omit<LabSshdInput, 'config'>): Promise<Desk> {
    const wrong = await startLabSshd({ config: host.config, ...input });
    const at = deskFor(wrong);
    others.push(wrong, at);
    return at;
  }

  const bad = (found: Map<string, Finding>): string[] =>
    [...found.values()].filter((one) => !one.ok).map((one) => one.name);

  it('finds a host that is as it should be, tells it in plain lines and exits 0', async () => {
    const ran = await desk.run('doctor', '--breakglass');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    for (const name of [
      'key of human',
      'distinct keys',
      'host key',
      'command of ro',
      'limits of agent',
      'identity of human',
      'ro may only read',
      'clock',
    ])
      expect(ran.stdout).toMatch(new RegExp(`^ok +${name} `, 'm'));
    expect(ran.stdout).toContain(`${sshd.fingerprint}, as pinned`);
    expect(ran.stdout).toContain('ready: `lamplighter breakglass verb status`');
  });

  it('tries that ro may only read with an op that has ended, where there is one: nothing could happen', async () => {
    const op = opId();
    // All that follow look at a VM that is off: it has the least to say, and they are about keys and lines.
    await clientOf(targetOf(sshd, 'human')).runVerb('stop', op);
    power = host.power();
    const found = await look(desk);
    expect(found.get('ro may only read')).toMatchObject({
      ok: true,
      detail: expect.stringContaining('its cycle was refused') as string,
    });
  });

  it.each<[string, (file: string) => void, RegExp, RegExp]>([
    ['missing', (file) => rmSync(file), /ENOENT/, /make the key/],
    ['open to others', (file) => chmodSync(file, 0o644), /mode 0644/, /chmod 600/],
    ['garbage', (file) => writeFileSync(file, 'x'), /no private key/, /ssh-keygen -t ed25519/],
  ])('a key that is %s', async (_what, spoil, detail, remedy) => {
    spoil(desk.key('agent'));
    const found = await look(desk);
    expect(bad(found)).toEqual(['key of agent']);
    expect(found.get('key of agent')).toMatchObject({
      required: true,
      detail: expect.stringMatching(detail) as string,
      remedy: expect.stringMatching(remedy) as string,
    });
    expect(found.get('identity of human')).toMatchObject({ ok: true });
  });

  it('a person without a key is bad, an agent without one is only absent', async () => {
    desk.configure({ keys: { ro: 'ro' } });
    const found = await look(desk);
    expect(found.get('key of human')).toMatchObject({ ok: false, required: true });
    expect(found.get('key of agent')).toMatchObject({ ok: false, required: false });
  });

  it('one key under two names', async () => {
    copyFileSync(desk.key('human'), desk.key('agent'));
    const found = await look(desk);
    expect(found.get('distinct keys')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('agent and human are one key') as string,
    });
    expect(found.get('identity of agent')).toMatchObject({ ok: false, detail: 'the host takes this key for human' });
  });

  it('another host key than the pinned one: both fingerprints, and nothing else is looked at', async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(desk.folder, 'other')]);
    const pinned = execFileSync('ssh-keygen', ['-lf', join(desk.folder, 'other.pub')], { encoding: 'utf8' }).split(
      ' ',
    )[1];
    desk.configure({ hostKey: execFileSync('cat', [join(desk.folder, 'other.pub')], { encoding: 'utf8' }).trim() });
    const found = await look(desk);
    expect(bad(found)).toEqual(['host key']);
    expect(found.get('host key')?.detail).toContain(`pinned ${pinned}, presented ${sshd.fingerprint}`);
    expect([...found.keys()]).not.toContain('command of human');
  });

  it('a host that is not there', async () => {
    desk.configure({ port: 1 });
    const ran = await desk.run('doctor', '--breakglass', '--json');
    expect(ran.code).toBe(1);
    const { ok, findings } = JSON.parse(ran.stdout) as { ok: boolean; findings: Finding[] };
    expect(ok).toBe(false);
    expect(findings.find((one) => one.name === 'host')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('cannot be reached') as string,
    });
  });

  it('no section, or one with a mistake, is a finding too', async () => {
    desk.configure({ hostKey: 'ssh-ed25519 AAAA' });
    const ran = await desk.run('doctor', '--breakglass');
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/^bad +breakglass .*breakglass\.hostKey/m);
  });

  it('a key that the host does not know', async () => {
    rmSync(desk.key('agent'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', desk.key('agent')]);
    const found = await look(desk);
    expect(bad(found)).toEqual(['command of agent']);
    expect(found.get('command of agent')).toMatchObject({ remedy: expect.stringContaining("root's keys") as string });
  });

  it('a line without command=: the key runs whatever it likes', async () => {
    const found = await look(
      await otherwise({ options: (one, command) => (one === 'human' ? 'restrict' : `restrict,command="${command}"`) }),
    );
    expect(bad(found)).toEqual(['command of human']);
    expect(found.get('command of human')?.detail).toContain('uid=');
  });

  it('a line without restrict: terminals and forwarding', async () => {
    const found = await look(
      await otherwise({ options: (one, command) => `${one === 'human' ? '' : 'restrict,'}command="${command}"` }),
    );
    expect(bad(found)).toEqual(['limits of human']);
    expect(found.get('limits of human')).toMatchObject({
      detail: 'terminal granted, forwarding granted',
      remedy: expect.stringContaining('restrict') as string,
    });
  });

  it('lines that were mixed up: each key is told for whom it is taken, and ro is not tried with the power of another', async () => {
    const mixed = { ro: 'human', human: 'agent', agent: 'ro' } as const;
    const found = await look(await otherwise({ command: (one) => `${script} --config ${host.config} ${mixed[one]}` }));
    expect(bad(found)).toEqual(['identity of ro', 'identity of agent', 'identity of human']);
    expect(found.get('identity of ro')).toMatchObject({
      detail: 'the host takes this key for human',
      remedy: expect.stringContaining('to ro') as string,
    });
    expect(found.has('ro may only read')).toBe(false);
  });

  it('a host that calls a key ro and lets it act all the same: found, and still nothing happens', async () => {
    const liar = host.path('liar');
    writeFileSync(
      liar,
      `#!/bin/bash\nwho=$1\n[[ $1 == ro && $SSH_ORIGINAL_COMMAND != status* ]] && who=human\nexec ${script} --config ${host.config} "$who"\n`,
      { mode: 0o755 },
    );
    const found = await look(await otherwise({ command: (one) => `${liar} ${one}` }));
    expect(bad(found)).toEqual(['ro may only read']);
  });

  it('a host whose script refuses its own configuration', async () => {
    host.configure({ autonomy: 'whatever' });
    const found = await look(desk);
    host.configure({});
    expect(found.get('identity of human')).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('--self-test') as string,
    });
    expect(found.get('clock')).toMatchObject({ ok: false, required: false });
  });

  it.each([
    [3_600_000, 'behind'],
    [-3_600_000, 'ahead of'],
  ])('a clock that is an hour off (%i ms here)', async (shift, word) => {
    const found = await look(desk, () => Date.now() + shift);
    expect(bad(found)).toEqual(['clock']);
    expect(found.get('clock')).toMatchObject({
      detail: expect.stringContaining(`${word} the one here`) as string,
      remedy: expect.stringContaining('timedatectl') as string,
    });
  });
});
