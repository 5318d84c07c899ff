/** Disks as Proxmox VE has them beyond a volume that QEMU alone holds: a TPM's state, and volumes that are no file of this host. */
import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';
import { ownQm } from './own-qm.ts';

/** The TPM's emulator: a process beside QEMU in the VM's own scope, that holds the TPM's state and ends with QEMU. */
function withTpm(host: FakeHost): void {
  host.write(
    `${host.read('machine/config')}tpmstate0: local-lvm:vm-102-disk-1,size=4M,version=v2.0\n`,
    'machine/config',
  );
  host.write('tpm', 'disks/vm-102-disk-1.raw');
  mkdirSync(host.path('proc/5999999/fd'), { recursive: true });
  host.write('5999999 (swtpm) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0\n', 'proc/5999999/stat');
  host.write('swtpm\0socket\0', 'proc/5999999/cmdline');
  symlinkSync(host.path('disks/vm-102-disk-1.raw'), host.path('proc/5999999/fd/4'));
}

/** librbd, iSCSI without a device, Gluster: what QEMU opens by itself. */
function onCeph(host: FakeHost): void {
  host.write(
    `#!/bin/bash\ncase $1 in path) echo "rbd:rbd/\${2#*:}:conf=/etc/pve/ceph.conf:id=admin" ;; *) exec ${host.path('bin/pvesm')} "$@" ;; esac\n`,
    'bin/pvesm-ceph',
  );
  chmodSync(host.path('bin/pvesm-ceph'), 0o755);
  host.configure({ pvesm: host.path('bin/pvesm-ceph') });
}

describe('a storage that is not plainly said to be active', sideBySide, () => {
  it.each([
    ['says it and ends with an error', 'echo "local-lvm lvmthin active 1 1 1 1%"; exit 255'],
    ['says a word that begins like it', 'echo "local-lvm lvmthin active-not-yet 1 1 1 1%"'],
  ])('is not relied upon: pvesm status %s', async (_how, says) => {
    const host = await fakeHost();
    host.write(
      `#!/bin/bash\n[[ $1 != status ]] || { ${says}; exit; }\nexec ${host.path('bin/pvesm')} "$@"\n`,
      'bin/own-pvesm',
    );
    chmodSync(host.path('bin/own-pvesm'), 0o755);
    host.configure({ pvesm: host.path('bin/own-pvesm') });

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({
      reason: 'storage_inactive',
      touched: false,
    });
    expect(host.power()).toEqual([]);
  });
});

describe('5.6: a VM with a TPM', sideBySide, () => {
  it('can be cycled: its emulator is of the same scope', async () => {
    const host = await fakeHost();
    withTpm(host);
    host.write('5000001\n5999999\n', 'cgroup/102.scope/cgroup.procs');
    // It ends with its QEMU.
    host.write(host.read('bin/qm').replace('die() {', 'die() {\n  rm -rf "$root/proc/5999999"'), 'bin/qm');

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok', reason: 'cycled' });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('whose state somebody outside of its scope holds is not', async () => {
    const host = await fakeHost();
    withTpm(host);

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ reason: 'disk_held', touched: false });
  });
});

describe('5.6: a VM whose disk is no file of this host', sideBySide, () => {
  it.each(['cycle', 'start'])('can be asked to %s', async (verb) => {
    const host = await fakeHost();
    onCeph(host);
    if (verb === 'start') await call(host, 'human', 'stop');

    expect((await call(host, 'human', verb)).document()).toMatchObject({ result: 'ok' });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });
});

describe('a stop after which nobody knows the disks', sideBySide, () => {
  it('is not called proven', async () => {
    const host = await fakeHost();
    ownQm(host, '[[ $1 != pending ]] || exit 255');

    expect((await call(host, 'human', 'stop')).document()).toMatchObject({
      result: 'unknown',
      reason: 'disks_unknown',
    });
    expect(host.power()).toEqual(['stop 5000001']);
  });
});

describe('a staged change whose name is a command', sideBySide, () => {
  it('is text and stays text', async () => {
    const host = await fakeHost();
    host.write(
      `del x[$(touch\${IFS}${host.path('executed')})]\ndel $(touch\${IFS}${host.path('executed')})\n`,
      'machine/staged',
    );

    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({ pendingChanges: 2 });
    expect(existsSync(host.path('executed'))).toBe(false);
  });
});
