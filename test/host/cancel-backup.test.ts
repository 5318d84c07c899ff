/** Facts 5.2, the other half: a person at the host ends the backup that holds the VM, by Proxmox's own way and with a reason. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { answerOf, call } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';

const admin = fileURLToPath(new URL('../../host/breakglass-admin', import.meta.url));
const upid = (id: string): string => `UPID:pve1:0003F2A1:01B2C3D4:69297EFA:vzdump:${id}:root@pam:`;

async function hostWithBackup(...tasks: string[]): Promise<FakeHost> {
  const host = await fakeHost({ cancel_budget: 2 });
  host.write(`${host.read('machine/config')}lock: backup\n`, 'machine/config');
  host.write(tasks.map((task) => `${task} 1\n`).join(''), 'tasks/active');
  return host;
}

async function cancel(host: FakeHost, ...reason: string[]): Promise<{ status: number | null; stderr: string }> {
  const { code, stderr } = await answerOf(spawn(admin, ['--config', host.config, 'cancel-backup', ...reason]));
  return { status: code, stderr };
}

describe('5.2: breakglass-admin cancel-backup', sideBySide, () => {
  it('stops the task of this VM alone, waits for the lock to go, and leaves a VM that can be cycled', async () => {
    const host = await hostWithBackup(upid('1020'), upid('102'));
    expect((await call(host, 'human', 'cycle')).document().reason).toBe('lock_backup');

    const { status, stderr } = await cancel(host, 'the', 'house', 'is', 'on', 'fire');

    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('unlocked') as string });
    expect(host.read('pvesh.log')).toBe(`delete /nodes/pve1/tasks/${upid('102')}\n`);
    expect(host.read('tasks/active')).toBe(`${upid('1020')} 1\n`);
    expect(host.read('log')).toContain(`admin=cancel-backup task=${upid('102')} reason=the house is on fire`);
    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok', reason: 'cycled' });
  });

  it('without a reason does nothing', async () => {
    const host = await hostWithBackup(upid('102'));

    expect((await cancel(host)).status).toBe(2);
    expect(host.read('tasks/active')).toContain(upid('102'));
  });

  it('without a task of this VM says so and takes no lock away', async () => {
    const host = await hostWithBackup(upid('1020'), upid(''));

    const { status, stderr } = await cancel(host, 'why not');

    expect(status).toBe(1);
    expect(stderr).toContain('no running backup task names VM 102 alone');
    expect(host.read('machine/config')).toContain('lock: backup');
  });

  it('with a lock that stays says so, and takes no lock away', async () => {
    const host = await hostWithBackup(upid('102'));
    host.fault('backup-stays');

    const { status, stderr } = await cancel(host, 'why not');

    expect(status).toBe(1);
    expect(stderr).toContain('the lock (backup) is still held');
    expect(host.read('machine/config')).toContain('lock: backup');
  });
});
