/** The whole way, nothing feigned but Proxmox's own tools: the command of a person, a real sshd, the real script, a real QEMU with a real guest. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { journal, opId, until } from '../host/call.ts';
import { hasLab, patience, realHost } from '../host/real/real-host.ts';
import type { RealHost } from '../lab/real-host/real-host.ts';
import { type LabSshd, startLabSshd } from '../lab/sshd/sshd.ts';
import { has } from '../setup/needs.ts';
import { type Desk, deskFor } from './command-rig.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

describe.skipIf(!hasLab || !has('sshd'))('a person and a real guest', patience, () => {
  let host: RealHost;
  let sshd: LabSshd;
  let desk: Desk;
  beforeAll(async () => {
    host = await realHost();
    sshd = await startLabSshd({ config: host.config });
    desk = deskFor(sshd, Number(host.vmid));
  }, patience.timeout);
  afterAll(async () => {
    desk.close();
    await sshd.close();
  });

  it('doctor --breakglass finds the lab as it should be', async () => {
    const ran = await desk.run('doctor', '--breakglass', '--json');
    const { findings } = JSON.parse(ran.stdout) as { findings: { name: string; ok: boolean; detail: string }[] };
    expect(findings.filter((one) => !one.ok)).toEqual([]);
    expect(findings.find((one) => one.name === 'identity of human')?.detail).toBe(`for VM ${host.vmid}`);
    expect(host.power()).toEqual([]);
  });

  it('a cycle whose sshd dies in the middle: one stop, one start, the guest is well, and the command says so', async () => {
    const before = host.pid();
    const op = opId();
    const child = spawn(process.execPath, [MAIN, 'breakglass', 'verb', 'cycle', '--yes', '--op', op], {
      cwd: desk.folder,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = once(child, 'close') as Promise<[number]>;
    await until('the VM is being stopped', () => journal(host, op).includes(' begin stop'), 120_000);

    await sshd.kill();
    await sshd.restart();

    const [code] = await ended;
    expect(code, `${stderr}\n${stdout}`).toBe(0);
    expect(stderr).toContain('asking what became of it');
    expect(stdout).toMatch(/^cycle: ok \(cycled\)\n.*this is the host's record of it\n/);
    expect(host.power().map((line) => line.split(' ')[0])).toEqual(['stop', 'start']);
    expect(host.pid()).not.toBe(before);
    await host.guest.isWell();
  });
});
