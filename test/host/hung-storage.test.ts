/**
 * Storage of somebody else's that hangs: whoever asks a file on it what it is hangs with it. A FUSE mount that nobody serves stands for NFS
 * whose server is gone; it is mounted in a namespace of its own, which needs root and a machine that lets root mount.
 */
import { execFileSync, spawn } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { BreakglassResult } from '../../config/breakglass-result.ts';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, type Identity, journal, script } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';
import { callWithMounts, canHaveMounts } from './own-mounts.ts';

/** The descriptor that nobody reads keeps the mount alive, and unanswered, for as long as the command runs. */
const mounts = 'exec 99<>/dev/fuse; mount -i -t fuse hang "$1" -o fd=99,rootmode=040000,user_id=0,group_id=0';

function canHang(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'hang-'));
  const can = canHaveMounts(mounts, [place]);
  rmSync(place, { recursive: true });
  return can;
}

async function asked(host: FakeHost, identity: Identity, request: string): Promise<BreakglassResult> {
  return (await callWithMounts(host, { mounts, words: [host.path('hang')] }, identity, request)).document();
}

/** A process of the host that is not the VM's, with one file open. */
function neighbour(host: FakeHost, file: string): void {
  mkdirSync(host.path('proc/999/fd'), { recursive: true });
  host.write('999 (vzdump) D 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n', 'proc/999/stat');
  host.write('vzdump\x00101\x00', 'proc/999/cmdline');
  symlinkSync(file, host.path('proc/999/fd/3'));
}

async function hostWithMount(): Promise<FakeHost> {
  const host = await fakeHost();
  mkdirSync(host.path('hang'));
  return host;
}

describe.skipIf(!canHang())('a mount that hangs (as root)', sideBySide, () => {
  it('on which somebody else has a file open takes no verb away', async () => {
    const host = await hostWithMount();
    neighbour(host, host.path('hang/backup.vma'));

    expect(await asked(host, 'human', 'cycle')).toMatchObject({ result: 'ok' });
    expect(await asked(host, 'human', 'stop')).toMatchObject({ result: 'ok' });
    expect(await asked(host, 'human', 'start')).toMatchObject({ result: 'ok' });
  });

  it('so that a process cannot be asked for its open files at all is named by that process', async () => {
    const host = await hostWithMount();
    neighbour(host, host.path('elsewhere'));
    rmSync(host.path('proc/999/fd'), { recursive: true });
    symlinkSync(host.path('hang/fd'), host.path('proc/999/fd'));

    const refused = await asked(host, 'human', 'cycle');

    expect(refused).toMatchObject({ result: 'failed', reason: 'holders_unknown', touched: false });
    expect(refused.hint).toContain('process 999 gives no answer');
  });

  it("on which the VM's own disk lies is named, and a person may answer for the disk at a start, once", async () => {
    const host = await hostWithMount();
    const own = host.read('machine/config').replace(/^scsi0: .*$/m, `scsi0: ${host.path('hang/vm.raw')},size=1G`);
    host.write(own, 'machine/config');
    neighbour(host, host.path('hang/backup.vma'));

    const cycle = await asked(host, 'human', 'cycle');
    expect(cycle).toMatchObject({ reason: 'holders_unknown', touched: false });
    expect(cycle.hint).toContain(`mounted on ${host.path('hang')},`);
    expect(cycle.hint).toContain('process 999 has a file open there');
    expect(host.power()).toEqual([]);

    execFileSync(host.path('bin/qm'), ['stop', '102']);
    expect(await asked(host, 'human', 'start')).toMatchObject({ reason: 'holders_unknown', touched: false });
    execFileSync(join(script, '../breakglass-admin'), [
      '--config',
      host.config,
      'override',
      'holders',
      'looked',
      'with',
      'lsof',
    ]);
    const start = await asked(host, 'human', 'start');

    expect(start).toMatchObject({ alarm: 'holders_overridden' });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
    expect(journal(host, start.op ?? '')).toContain('override=holders');
    expect(host.read('log')).toContain('override=holders reason=looked with lsof');
    execFileSync(host.path('bin/qm'), ['stop', '102']);
    expect(await asked(host, 'human', 'start')).toMatchObject({ reason: 'holders_unknown' });
  });

  it('is no way around a process that is known to have the disk open', async () => {
    const host = await hostWithMount();
    neighbour(host, host.path('disks/vm-102-disk-0.raw'));
    await call(host, 'human', 'stop');
    execFileSync(join(script, '../breakglass-admin'), [
      '--config',
      host.config,
      'override',
      'holders',
      'I',
      'say',
      'so',
    ]);

    expect(await asked(host, 'human', 'start')).toMatchObject({ reason: 'disk_held' });
  });
});

describe('who holds a disk', sideBySide, () => {
  it('is found under another name of the same file', async () => {
    const host = await fakeHost();
    linkSync(host.path('disks/vm-102-disk-0.raw'), host.path('disks/other-name'));
    neighbour(host, host.path('disks/other-name'));

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ reason: 'disk_held', touched: false });
  });

  it.skipIf(!canHang())('is found in another mount namespace, under a path that is none here (as root)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holders-'));
    mkdirSync(join(folder, 'seen'));
    mkdirSync(join(folder, 'disks'));
    const disk = join(folder, 'disks/disk');
    writeFileSync(disk, 'disk');
    const inner = 'mount --bind "$1/disks" "$1/seen" && exec 3<"$1/seen/disk" && echo open && exec sleep 60';
    const holder = spawn('unshare', ['-m', '--propagation', 'private', 'bash', '-c', inner, 'inner', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => holder.stdout.once('data', resolve));

    const holders = fileURLToPath(new URL('../../host/libexec/holders', import.meta.url));
    const said = execFileSync(holders, ['/proc', '2', disk], { encoding: 'utf8' });

    holder.kill('SIGKILL');
    rmSync(folder, { recursive: true });
    expect(said).toBe(`${holder.pid} ${disk}\n`);
  });
});
