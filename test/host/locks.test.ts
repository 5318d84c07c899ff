/** Facts 5.2: a lock of Proxmox on the VM, of whatever kind: refused, QEMU alive, lock intact. */
import { describe, expect, it } from 'vitest';
import { call } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';
import { ownQm } from './own-qm.ts';

const kinds = [
  'backup',
  'clone',
  'create',
  'migrate',
  'rollback',
  'snapshot',
  'snapshot-delete',
  'suspended',
  'suspending',
];

describe('5.2: a locked VM', sideBySide, () => {
  it.each(['cycle', 'stop', 'reset'])('is not touched by %s while a backup runs', async (verb) => {
    const host = await fakeHost();
    host.write(`${host.read('machine/config')}lock: backup\n`, 'machine/config');

    const { code, document } = await call(host, 'human', verb);

    expect({ code, ...document() }).toMatchObject({ code: 4, result: 'failed', reason: 'lock_backup', touched: false });
    expect(document().hint).toMatch(/backup holds the VM/);
    expect(host.power()).toEqual([]);
    expect(host.pid()).toBe('5000001');
    expect(host.read('machine/config')).toContain('lock: backup');
  });

  it.each(kinds)('of kind %s has a reason of its own', async (kind) => {
    const host = await fakeHost();
    host.write(`${host.read('machine/config')}lock: ${kind}\n`, 'machine/config');

    const result = (await call(host, 'human', 'cycle')).document();

    expect(result).toMatchObject({ result: 'failed', reason: `lock_${kind.replace('-', '_')}`, touched: false });
    expect(host.power()).toEqual([]);
  });

  it('that is off is not started under a lock', async () => {
    const host = await fakeHost();
    await call(host, 'human', 'stop');
    host.write(`${host.read('machine/config')}lock: rollback\n`, 'machine/config');

    expect((await call(host, 'agent', 'start')).document()).toMatchObject({
      result: 'failed',
      reason: 'lock_rollback',
    });
    expect(host.power()).toEqual(['stop 5000001']);
  });

  it('still shows its status, which advises to wait', async () => {
    const host = await fakeHost();
    host.write(`${host.read('machine/config')}lock: backup\n`, 'machine/config');
    host.fault('qmp-hangs');
    host.fault('agent-dead');

    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({
      lock: 'backup',
      class: 'qmp_dead',
      advice: 'wait',
    });
  });
});

describe('5.2: a stop that Proxmox refuses', sideBySide, () => {
  it('is a failure with the process left alive: nothing is killed behind its back', async () => {
    const host = await fakeHost();
    host.fault('stop-refused');

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'failed', reason: 'stop_refused' });
    expect(host.pid()).toBe('5000001');
    expect(host.read('log')).not.toContain('SIGKILL');
  });
});

describe('5.2: a backup that begins between the last look and the stop', sideBySide, () => {
  it('is not killed with its QEMU, though that waits in the kernel for its disk just then', async () => {
    const host = await fakeHost();
    ownQm(
      host,
      `if [[ $1 == stop ]]; then
        echo 'lock: backup' >>"$root/machine/config"
        sed -i 's/) S /) D /' "$root"/proc/5000001/stat
      fi`,
    );

    const result = (await call(host, 'human', 'cycle')).document();

    expect(host.read('log')).not.toContain('SIGKILL');
    expect(result).toMatchObject({ result: 'failed', reason: 'lock_backup' });
    expect(host.power()).toEqual([]);
  });
});

describe('a VM of the HA manager', sideBySide, () => {
  const section = (state: string): string => `vm: 1020\n\tstate started\n\nvm: 102\n\tstate ${state}\n\nct: 103\n`;

  it.each(['cycle', 'stop'])('is not touched by %s: qm would only ask, and HA act later', async (verb) => {
    const host = await fakeHost();
    host.configure({ ha_resources: host.path('etc/ha') });
    host.write(section('started'), 'etc/ha');

    expect((await call(host, 'human', verb)).document()).toMatchObject({ reason: 'ha_managed', touched: false });
    expect(host.power()).toEqual([]);
  });

  it('is ours when HA ignores it, and when only its neighbours are managed', async () => {
    const host = await fakeHost();
    host.configure({ ha_resources: host.path('etc/ha'), human_cooldown: 0 });
    host.write(section('ignored'), 'etc/ha');
    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok' });
    host.write('vm: 1020\n\tstate started\n', 'etc/ha');

    expect((await call(host, 'human', 'stop')).document()).toMatchObject({ result: 'ok' });
  });
});

describe('5.2: a lock behind notes of a hundred kilobytes', sideBySide, () => {
  it.each(['reset', 'cycle'])('is seen by %s', async (verb) => {
    const host = await fakeHost();
    host.write(`description: ${'x'.repeat(100_000)}\nlock: backup\n${host.read('machine/config')}`, 'machine/config');

    expect((await call(host, 'human', verb)).document()).toMatchObject({ reason: 'lock_backup', touched: false });
    expect(host.power()).toEqual([]);
  });

  it('of more than can be read is not known, and so not touched', async () => {
    const host = await fakeHost();
    host.write(`description: ${'x'.repeat(1_100_000)}\nlock: backup\n${host.read('machine/config')}`, 'machine/config');

    expect((await call(host, 'human', 'reset')).document()).toMatchObject({
      reason: 'config_unreadable',
      touched: false,
    });
    expect(host.power()).toEqual([]);
  });

  it('is refused by a stop that says more than is kept, and nothing is killed behind its back', async () => {
    const host = await fakeHost();
    ownQm(host, `if [[ $1 == stop ]]; then head -c 80000 /dev/zero | tr '\\0' y; echo refused >&2; exit 255; fi`);

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'failed', reason: 'stop_refused' });
    expect(host.read('log')).not.toContain('SIGKILL');
  });
});
