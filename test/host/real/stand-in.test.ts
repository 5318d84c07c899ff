/** The stand-in for `qm` itself: it must mislead where Proxmox's own misleads, or the script is tried on too kind a host. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RealHost } from '../../lab/real-host/real-host.ts';
import { hasLab, patience, realHost } from './real-host.ts';

describe.skipIf(!hasLab)('qm of the lab', patience, () => {
  let host: RealHost;
  let running: string;
  beforeAll(async () => {
    host = await realHost();
  }, patience.timeout);
  beforeEach(() => {
    running = host.pid() ?? '';
    host.write('', 'power.log');
  });

  async function monitor(line: string): Promise<string> {
    const child = spawn(host.path('bin/qm'), ['monitor', host.vmid], { stdio: ['pipe', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.end(`${line}\n`);
    await once(child, 'close');
    return said;
  }

  it('refuses a second start and leaves the running QEMU its monitor', async () => {
    await expect(host.qm('start')).rejects.toThrow(/already running/);

    expect(host.pid()).toBe(running);
    expect(await monitor('info status')).toContain('VM status: running');
    expect(host.power()).toEqual([]);
  });

  it('says the run state while QMP answers, and "running" from the pidfile when it does not', async () => {
    await host.monitor.ask('stop');
    expect(await host.qm('status')).toBe('status: paused\n');
    process.kill(Number(running), 'SIGSTOP');
    expect(await host.qm('status')).toBe('status: running\n');
    process.kill(Number(running), 'SIGCONT');
    await host.monitor.ask('cont');
    expect(await host.qm('status')).toBe('status: running\n');
  });

  it('touches nothing under a lock, until it is unlocked', async () => {
    host.write(`${host.read('machine/config')}lock: snapshot\n`, 'machine/config');

    for (const verb of ['stop', 'reset', 'start']) await expect(host.qm(verb)).rejects.toThrow(/locked \(snapshot\)/);
    await host.qm('unlock');

    expect(await host.qm('config')).not.toContain('lock');
    expect(host.power()).toEqual([]);
    expect(host.pid()).toBe(running);
  });

  it('keeps a change staged until a start applies it; a reset does not', async () => {
    await host.qm('set', '--memory', '264');
    await host.qm('reset');

    expect(await host.qm('pending')).toMatch(/^cur memory: 256$(.|\n)*^new memory: 264$/m);
    await host.qm('stop', '--timeout', '1');
    await host.qm('start');

    expect(await host.qm('pending')).toContain('cur memory: 264');
    expect(await host.qm('pending')).not.toContain('new ');
    expect(host.power()).toEqual(['reset', `stop ${running}`, `start ${host.pid()}`]);
  });

  it('ends a QEMU that hears nothing by SIGKILL, in the end', async () => {
    process.kill(Number(running), 'SIGSTOP');

    await host.qm('stop', '--timeout', '1');

    expect(host.power()).toEqual([`stop ${running}`]);
    expect(host.pid()).toBeNull();
    expect(await host.qm('status')).toBe('status: stopped\n');
  });
});
