/** The VM is what runs QEMU's own file as root, in its scope or by its pidfile. Arguments are what anybody can write. */
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addStranger, impostors, removeStranger, second, strangersPid } from '../lab/fake-host/stranger.ts';
import { call } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';

const verbs = ['cycle', 'stop', 'start', 'reset'] as const;

describe('a process that names our VM in its arguments and is none of its QEMUs', sideBySide, () => {
  it.each(Object.keys(impostors))(
    '(%s) is not taken for the VM by any verb, and no signal reaches it',
    async (name) => {
      const host = await fakeHost();
      addStranger(host, impostors[name]!(host));

      const cycled = (await call(host, 'human', 'cycle')).document();
      const stopped = (await call(host, 'human', 'stop')).document();
      const again = (await call(host, 'human', 'stop')).document();
      const off = (await call(host, 'ro', 'status')).document();
      const started = (await call(host, 'human', 'start')).document();

      expect(cycled).toMatchObject({
        result: 'ok',
        reason: 'cycled',
        before: { pid: 5000001 },
        after: { pid: 5000002 },
      });
      expect(stopped).toMatchObject({ result: 'ok', reason: 'stopped', before: { pid: 5000002 } });
      expect(again).toMatchObject({ result: 'ok', reason: 'already_off', touched: false });
      expect(off.status).toMatchObject({ class: 'off', pid: null, otherQemus: [] });
      expect(started).toMatchObject({ result: 'ok', reason: 'started', after: { pid: 5000003 } });
      expect(host.power()).toEqual(['stop 5000001', 'start 5000002', 'stop 5000002', 'start 5000003']);
      expect(host.read('log')).not.toContain('kill=');
    },
  );

  it('is not taken for the VM where the pidfile names it, as a pid that was used again', async () => {
    const host = await fakeHost();
    await call(host, 'human', 'stop');
    addStranger(host, { exe: '/usr/bin/kvm', group: '/qemu.slice/101.scope', words: ['kvm', '-id', '101'] });
    host.write(`${strangersPid}\n`, 'run/102.pid');

    expect((await call(host, 'human', 'stop')).document()).toMatchObject({ reason: 'already_off', touched: false });
    expect((await call(host, 'human', 'start')).document()).toMatchObject({ result: 'ok', reason: 'started' });
  });
});

describe('two QEMUs for one VM', sideBySide, () => {
  it.each(Object.keys(second))('(%s) are named in status, and no verb does anything', async (where) => {
    const host = await fakeHost();
    addStranger(host, second[where as keyof typeof second]);

    const { status } = (await call(host, 'ro', 'status')).document();

    expect(status).toMatchObject({ class: 'two_qemus', advice: 'human', pid: 5000001, otherQemus: [4242] });
    for (const verb of verbs) {
      const refused = (await call(host, 'human', verb)).document();
      expect(refused, verb).toMatchObject({ result: 'failed', reason: 'two_qemus', touched: false });
      expect(refused.hint).toMatch(/process 5000001.*4242/);
    }
    expect(host.power()).toEqual([]);
  });

  it('one alone that neither scope nor pidfile knows is not started beside, and not called off', async () => {
    const host = await fakeHost();
    await call(host, 'human', 'stop');
    addStranger(host, second.besideIt);

    const { status } = (await call(host, 'ro', 'status')).document();

    expect(status).toMatchObject({ class: 'stray_qemu', advice: 'human', pid: null, otherQemus: [4242] });
    for (const verb of ['start', 'stop', 'cycle'])
      expect((await call(host, 'human', verb)).document(), verb).toMatchObject({
        reason: 'stray_qemu',
        touched: false,
      });
    removeStranger(host);
    expect((await call(host, 'human', 'start')).document()).toMatchObject({ result: 'ok', reason: 'started' });
  });

  it('are one while it makes itself a daemon', async () => {
    const host = await fakeHost();
    const words = host.read('proc/5000001/cmdline').split('\0').slice(0, -1);
    addStranger(host, { ...second.inItsScope, words, started: 10_000_000 });

    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({ pid: 5000001, otherQemus: [] });
  });
});

describe('the VM’s own QEMU', sideBySide, () => {
  it.each(['/usr/bin/qemu-system-x86_64 (deleted)', '/usr/bin/kvm', '/usr/libexec/qemu-kvm (deleted)'])(
    'is known as %s',
    async (file) => {
      const host = await fakeHost();
      rmSync(host.path('proc/5000001/exe'));
      symlinkSync(file, host.path('proc/5000001/exe'));

      expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok', before: { pid: 5000001 } });
    },
  );

  it('is known by its scope when its pidfile is gone, and by its pidfile when it has no scope', async () => {
    const host = await fakeHost();
    renameSync(host.path('run/102.pid'), host.path('run/kept'));
    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({ pid: 5000001 });

    renameSync(host.path('run/kept'), host.path('run/102.pid'));
    host.write('0::/user.slice\n', 'proc/5000001/cgroup');
    host.write('', 'cgroup/102.scope/cgroup.procs');
    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({ pid: 5000001, otherQemus: [] });
  });
});

describe('what runs after a stop', sideBySide, () => {
  it('and is older than it, is not what was started', async () => {
    const host = await fakeHost();
    // It comes into the scope at the very moment at which the VM goes: a process of long ago that is moved there.
    host.write(
      host
        .read('bin/qm')
        .replace('die() {', 'die() {\n  [[ ! -e $root/proc/.late ]] || mv "$root/proc/.late" "$root/proc/4242"'),
      'bin/qm',
    );
    addStranger(host, second.inItsScope, '.late');
    host.write(host.read('proc/.late/stat').replace('.late', '4242'), 'proc/.late/stat');

    const result = (await call(host, 'human', 'cycle')).document();

    expect(result).toMatchObject({ result: 'failed', reason: 'other_qemu', touched: true, after: null });
    expect(result.hint).toContain('4242');
    expect(host.power()).toEqual(['stop 5000001']);
  });
});
