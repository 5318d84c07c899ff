/** Facts 5.4 and 5.6: what does not die, what does not start, and what would not start, asked before anything is stopped. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';

describe('5.4: a QEMU that survives SIGKILL', sideBySide, () => {
  it.each(['cycle', 'stop'])(
    'makes %s end as unkillable, start not attempted, the missing pidfile not believed',
    async (verb) => {
      const host = await fakeHost();
      host.fault('unkillable');

      const { code, document } = await call(host, 'human', verb);

      expect({ code, ...document() }).toMatchObject({ code: 1, result: 'failed', reason: 'unkillable', touched: true });
      expect(host.power()).toEqual([]);
      expect(host.pid()).toBeNull();
      expect(host.read('log')).toMatch(/kill=SIGKILL pid=5000001/);
      // Its label says stopped. It is not, and a start beside it would give the disk two writers.
      expect((await call(host, 'human', 'start')).document()).toMatchObject({
        result: 'unknown',
        reason: 'qmp_silent',
      });
      expect(host.power()).toEqual([]);
    },
  );
});

describe('5.6: a start that fails', sideBySide, () => {
  it('once is tried a second time, and that is the end of it', async () => {
    const host = await fakeHost();
    host.fault('start-fails', '1');

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok', reason: 'cycled' });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('twice leaves a result of its own, and the start verb, with no cooldown, mends it', async () => {
    const host = await fakeHost();
    host.fault('start-fails', '2');

    const failed = (await call(host, 'agent', 'cycle')).document();
    const started = (await call(host, 'agent', 'start')).document();

    expect(failed).toMatchObject({ result: 'failed', reason: 'stopped_start_failed', touched: true });
    expect(failed.hint).toMatch(/OFF.*QEMU exited with code 1/s);
    expect(started).toMatchObject({ result: 'ok', reason: 'started' });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });
});

describe('5.6: a start that takes long because the VM is large', sideBySide, () => {
  it.each(['memory: 40960\n', 'hostpci0: 0000:01:00,pcie=1\n'])(
    '(%j) is given the time that Proxmox gives it',
    async (line) => {
      const host = await fakeHost({ start_budget: 1 });
      host.write(
        host.read('machine/config').replace(/^memory.*\n/m, line.startsWith('memory') ? '' : '$&') + line,
        'machine/config',
      );
      host.write('MemAvailable: 99999999 kB\n', 'proc/meminfo');
      host.fault('start-takes', '3');

      expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok', reason: 'cycled' });
      expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
    },
  );
});

const obstacles: [string, string, (host: FakeHost) => void][] = [
  ['boot_device_missing', 'a boot device that is not in the configuration', (host) => host.write(host.read('machine/config').replace('order=scsi0', 'order=scsi7'), 'machine/config')],
  ['boot_device_missing', 'a boot device that only the staged configuration loses', (host) => host.write('del scsi0\n', 'machine/staged')],
  ['disk_missing', 'a disk that is gone', (host) => rmSync(host.path('disks/vm-102-disk-0.raw'))],
  ['storage_inactive', 'a storage that is not active', (host) => host.fault('storage-inactive')],
  ['memory_short', 'too little memory', (host) => host.write('MemAvailable: 1000000 kB\n', 'proc/meminfo')],
  ['disk_held', 'another process at the disk', (host) => symlinkSync(host.path('disks/vm-102-disk-0.raw'), host.path('proc/5999999/fd/5'))],
]; // prettier-ignore

describe('5.6: a cycle that could not start again', sideBySide, () => {
  it.each(obstacles)('(%s) for %s is refused before the stop', async (reason, _what, obstruct) => {
    const host = await fakeHost();
    otherProcess(host);
    obstruct(host);

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'failed', reason, touched: false });
    expect(host.power()).toEqual([]);
    expect(host.pid()).toBe('5000001');
  });
});

function otherProcess(host: FakeHost): void {
  mkdirSync(host.path('proc/5999999/fd'), { recursive: true });
  host.write('5999999 (dd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0\n', 'proc/5999999/stat');
  host.write('dd\0', 'proc/5999999/cmdline');
}

describe('5.6: a verb whose wanted state is there already', sideBySide, () => {
  it('is ok and touches nothing: start of a running VM', async () => {
    const host = await fakeHost();

    expect((await call(host, 'agent', 'start')).document()).toMatchObject({
      result: 'ok',
      reason: 'already_running',
      touched: false,
    });
    expect(host.power()).toEqual([]);
  });

  it('is ok and touches nothing: stop of a VM that is off', async () => {
    const host = await fakeHost();
    await call(host, 'human', 'stop');

    expect((await call(host, 'human', 'stop')).document()).toMatchObject({
      result: 'ok',
      reason: 'already_off',
      touched: false,
    });
    expect(host.power()).toEqual(['stop 5000001']);
  });

  it('starts a VM that is off when asked to cycle', async () => {
    const host = await fakeHost();
    await call(host, 'human', 'stop');

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({
      result: 'ok',
      before: null,
      after: { pid: 5000002 },
    });
  });
});

describe('5.6: after a start', sideBySide, () => {
  it('a machine left waiting is let go', async () => {
    const host = await fakeHost();
    host.fault('starts-paused');

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok' });
    expect(host.read('machine/runstate').trim()).toBe('running');
  });

  it('a guest that nobody hears of leaves the result unknown, and no second cycle', async () => {
    const host = await fakeHost();
    host.fault('agent-dead');

    expect(
      await call(host, 'human', 'cycle').then((answer) => ({ code: answer.code, ...answer.document() })),
    ).toMatchObject({
      code: 3,
      result: 'unknown',
      reason: 'power_ok_guest_unknown',
    });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('staged changes that were not applied are a failure', async () => {
    const host = await fakeHost();
    host.write('new memory: 2048\n', 'machine/staged');
    host.fault('pending-stays');

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({
      result: 'failed',
      reason: 'pending_not_applied',
    });
  });
});

describe('5.10: neighbours', sideBySide, () => {
  it.each(['10', '1020', '1102'])('VM %s is neither seen nor touched', async (neighbour) => {
    const host = await fakeHost();
    const folder = `proc/5900000`;
    mkdirSync(host.path(folder, 'fd'), { recursive: true });
    host.write('5900000 (kvm) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 55 0 0\n', folder, 'stat');
    host.write(
      `kvm\0-id\0${neighbour}\0-pidfile\0${host.path('run', `${neighbour}.pid`)}\0-name\0x102\0`,
      folder,
      'cmdline',
    );

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok', before: { pid: 5000001 } });
    // A pidfile that points at the neighbour, as a pid that was used again would make it.
    host.write('5900000\n', 'run/102.pid');
    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({ pid: 5000002 });
    expect(host.read(folder, 'cmdline')).toContain(neighbour);
  });
});
