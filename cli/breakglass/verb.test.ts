/** `lamplighter breakglass verb` against a real sshd and the real script: what a person sees, and what a script can rely on. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Desk, deskFor } from '../../test/breakglass/command-rig.ts';
import { journal, opId, settled, until } from '../../test/host/call.ts';
import { fakeHost } from '../../test/host/fake-host.ts';
import type { FakeHost } from '../../test/lab/fake-host/fake-host.ts';
import { type LabSshd, startLabSshd } from '../../test/lab/sshd/sshd.ts';
import { has } from '../../test/setup/needs.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

describe.skipIf(!has('sshd'))('lamplighter breakglass verb', { timeout: 120_000 }, () => {
  let host: FakeHost;
  let sshd: LabSshd;
  let desk: Desk;
  beforeAll(async () => {
    host = await fakeHost({ human_cooldown: 0 });
    sshd = await startLabSshd({ config: host.config });
    desk = deskFor(sshd);
  });
  afterAll(async () => {
    desk.close();
    await sshd.close();
  });
  beforeEach(() => desk.configure());

  const verb = (...args: string[]) => desk.run('breakglass', 'verb', ...args);

  it('status says what the VM is in plain words, and as JSON what the host said', async () => {
    const plain = await verb('status');
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(plain.stdout).toMatch(/^VM 102: responding, advice: none\n.*QMP ok in \d+ ms, run state running/);
    const json = await verb('status', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, document: { status: { class: 'responding' } } });
  });

  it('status exits by what the VM is, so that a script need read no word: running, off, wedged, or none for sure', async () => {
    const codeOf = async (): Promise<number> => (await verb('status')).code;
    host.write('paused', 'machine/runstate');
    expect(await codeOf()).toBe(11);
    const json = await verb('status', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, standing: 'wedged', exitCodes: 1 });
    host.write('finish-migrate', 'machine/runstate');
    expect(await codeOf()).toBe(12);
    host.write('running', 'machine/runstate');
    await host.qm('stop');
    expect(await codeOf()).toBe(10);
    await host.qm('start');
    expect(await codeOf()).toBe(0);
  });

  it('a cycle says its op before anything else, its phases as they come, and its result; its op can be asked for later', async () => {
    const ran = await verb('cycle', '--yes');
    expect(ran.code).toBe(0);
    const op = /^op (\w{26}): whatever happens here/.exec(ran.stderr)?.[1] ?? '';
    expect(ran.stderr).toMatch(/\nforensics: ok\n[^]*\nstop: ok\nstart: ok\n[^]*\nguest_ok: ok\n/);
    expect(ran.stdout).toMatch(
      new RegExp(`^cycle: ok \\(cycled\\)\n {2}the power was touched\n {2}VM 102, op ${op}, as human\n`),
    );
    const later = await verb('status', '--op', op);
    expect(later.stdout).toContain(`op ${op}: cycle, ok (cycled)`);
    const unknown = await verb('status', '--op', opId());
    expect(unknown.stdout).toContain('the host does not know it');
  });

  it('--op sends the same op again, which happens once; --json is the outcome alone, --direct the same way', async () => {
    const op = opId();
    const first = await verb('reset', '--yes', '--json', '--op', op);
    const power = host.power();
    const second = await verb('reset', '--yes', '--json', '--direct', '--op', op);
    expect(JSON.parse(first.stdout)).toMatchObject({ op, told: 'host', result: 'ok', touched: true });
    expect(JSON.parse(second.stdout)).toEqual(JSON.parse(first.stdout));
    expect(host.power()).toEqual(power);
  });

  it('a failed verb exits 1 and says what to do; a refused one exits 4, nothing touched', async () => {
    host.fault('start-fails', '9');
    const failed = await verb('cycle', '--yes');
    host.heal('start-fails');
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/^cycle: failed \(stopped_start_failed\)\n[^]*→ the VM is OFF/);
    expect((await verb('start', '--yes')).code).toBe(0);
    host.configure({ human_cooldown: 600 });
    const refused = await verb('reset', '--yes');
    host.configure({});
    expect(refused.code).toBe(4);
    expect(refused.stdout).toMatch(/^reset: failed \(cooldown\)\n {2}nothing was touched\n[^]*→ /);
  });

  it('a result that nobody knows exits 3, with the command that asks for it', async () => {
    host.fault('agent-dead');
    const ran = await verb('cycle', '--yes');
    host.heal('agent-dead');
    expect(ran.code).toBe(3);
    expect(ran.stdout).toMatch(
      /^cycle: unknown \(power_ok_guest_unknown\)\n[^]*→ ask again: lamplighter breakglass verb status --op \w{26}\n$/,
    );
  });

  it('a script that did not say --yes sends nothing', async () => {
    const power = host.power();
    const ran = await verb('stop');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/OFF until somebody starts it.*nothing was sent\n +add --yes/);
    expect(host.power()).toEqual(power);
  });

  it.each([
    ['reset\n', 0, 'reset: ok'],
    ['yes\n', 2, 'not confirmed: nothing was sent'],
    ['\u0003', 2, 'not confirmed: nothing was sent'],
    ['\u0004', 2, 'not confirmed: nothing was sent'],
  ])('at a terminal it asks, and %j is answered with exit code %i', async (typed, code, said) => {
    const power = host.power();
    const command = `${process.execPath} ${MAIN} breakglass verb reset`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: desk.folder });
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const asked = seen.includes('Type reset to go on');
      seen += chunk.toString();
      if (!asked && seen.includes('Type reset to go on')) child.stdin.write(typed);
    });
    const [exit] = (await once(child, 'close')) as [number];
    expect(seen).toContain(said);
    expect(exit).toBe(code);
    expect(host.power().length).toBe(power.length + (code === 0 ? 1 : 0));
  });

  it('turns no power with --yes where nobody named the VM; at a terminal, and for looking, that is not asked', async () => {
    desk.configure({ vmid: undefined });
    const before = host.power().length;
    const said = await verb('cycle', '--yes');
    expect(said.code).toBe(2);
    expect(said.stderr).toContain('cycle with --yes, and the configuration does not say of which VM: nothing was sent');
    expect(said.stderr).toContain('breakglass.vmid');
    expect(host.power()).toHaveLength(before);
    expect((await verb('status')).stdout).toMatch(/^VM 102: /);
    expect((await verb('reset')).stderr).toContain('the VM that the host has this key for');
  });

  it('names the VM that it would touch, where the configuration does', async () => {
    desk.configure({ vmid: 102, name: 'devvm' });
    const said = await verb('stop');
    expect(said.stderr).toContain('stop of VM 102 (devvm) stops it: it is OFF until somebody starts it');
    desk.configure({ vmid: 103 });
    expect(await verb('reset', '--yes')).toMatchObject({ code: 4 });
    expect((await verb('reset', '--yes')).stdout).toMatch(/^reset: failed \(other_vm\)\n {2}nothing was touched/);
  });

  it('passes on how long may be waited; more than the host allows is refused there', async () => {
    const refused = await verb('cycle', '--yes', '--stop-wait', '9999');
    expect(refused).toMatchObject({ code: 4 });
    expect(refused.stdout).toMatch(/^cycle: failed \(wait_too_long\)\n {2}nothing was touched/);
    expect(await verb('cycle', '--yes', '--guest-wait', 'long')).toMatchObject({ code: 2 });
  });

  it('interrupted, it says that the op goes on and how to ask for it; the op does', async () => {
    host.fault('stop-takes', '2');
    const op = opId();
    const child = execFile(process.execPath, [MAIN, 'breakglass', 'verb', 'cycle', '--yes', '--op', op], {
      cwd: desk.folder,
    });
    let stderr = '';
    child.stderr?.on('data', (chunk: string) => (stderr += chunk));
    await until('the VM is being stopped', () => journal(host, op).includes(' begin stop'));
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(3);
    expect(stderr).toContain(`at the host the op goes on. Ask: lamplighter breakglass verb status --op ${op}`);
    await settled(host, op);
    host.heal('stop-takes');
    expect((await verb('status', '--op', op)).stdout).toContain(`op ${op}: cycle, ok (cycled)`);
  });

  it('a changed host key is refused with both fingerprints, and no way around it is offered', async () => {
    const other = await startLabSshd({ config: host.config });
    desk.configure({ hostKey: other.hostKey });
    await other.close();
    const ran = await verb('cycle', '--yes');
    expect(ran.code).toBe(4);
    expect(ran.stdout).toContain(`pinned ${other.fingerprint}, presented ${sshd.fingerprint}`);
    expect(ran.stderr).not.toContain('ssh -p');
  });

  it('a host that is not reached exits 4, with the ssh line for a key of one’s own', async () => {
    desk.configure({ port: 1 });
    const ran = await verb('cycle', '--yes');
    expect(ran.code).toBe(4);
    const op = /^op (\w{26})/.exec(ran.stderr)?.[1] ?? '';
    expect(ran.stderr).toContain(
      `ssh -p 1 -i YOUR_KEY -o IdentitiesOnly=yes ${sshd.user}@127.0.0.1 'cycle vm=102 op=${op}'`,
    );
    const status = await verb('status', '--json');
    expect(status.code).toBe(4);
    expect(JSON.parse(status.stdout)).toMatchObject({ ok: false, reason: 'host_unreachable' });
  });

  it('reads with the key of ro where only that one is there, and does not act with it', async () => {
    desk.configure({ keys: { ro: 'ro' } });
    expect((await verb('status')).code).toBe(0);
    const ran = await verb('start', '--yes');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('no key of human is configured');
  });

  it('does not use a key that others can read', async () => {
    chmodSync(desk.key('human'), 0o644);
    const ran = await verb('status');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(`chmod 600 ${desk.key('human')}`);
  });

  it.each([
    [['explode'], 'Allowed choices are status, forensics'],
    [['cycle', '--op', 'lower-case'], '26 capital letters'],
    [['cycle', '--config', 'none.yaml', '--yes'], 'no such file'],
  ])('%j is wrong usage: exit code 2', async (args, why) => {
    const ran = await verb(...args);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(why);
  });
});
