/** An answer that is none, or half of one, is not taken for a good one: what nobody has read stays unread, and nothing is touched. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';
import { ownQm } from './own-qm.ts';

const withMemory = (host: FakeHost, memory: string): void =>
  host.write(host.read('machine/config').replace(/^memory: .*$/m, `memory: ${memory}`), 'machine/config');

const answers: [string, string, (host: FakeHost) => void][] = [
  ['qm pending says nothing and calls it good', 'config_unreadable', (host) => ownQm(host, '[[ $1 != pending ]] || exit 0')],
  ['qm pending leaves out a disk', 'config_unreadable', (host) => ownQm(host, '[[ $1 != pending ]] || { "$qm" "$@" | grep -v scsi0; exit 0; }')],
  ['qm pending says something else', 'config_unreadable', (host) => ownQm(host, '[[ $1 != pending ]] || { echo "ipcc_send_rec failed"; exit 0; }')],
  ['qm config says nothing and calls it good', 'config_unreadable', (host) => ownQm(host, '[[ $1 != config ]] || exit 0')],
  ['qm config says something else', 'config_unreadable', (host) => ownQm(host, '[[ $1 != config ]] || { echo "unable to read tail"; exit 0; }')],
  ['the file of the HA manager can’t be read', 'config_unreadable', (host) => mkdirSync(host.path('etc/resources.cfg'))],
  ['the file of the HA manager leads nowhere', 'config_unreadable', (host) => symlinkSync('/nowhere/at/all', host.path('etc/resources.cfg'))],
  ['the file of the HA manager is something else', 'config_unreadable', (host) => host.write('\u0000\u0001 garbage\n', 'etc/resources.cfg')],
  ['the file of the HA manager begins in the middle', 'config_unreadable', (host) => host.write('\tstate started\nvm: 103\n', 'etc/resources.cfg')],
  ['memory is a number that overflows', 'memory_short', (host) => withMemory(host, '18446744073709551000')],
  ['memory overflows to little', 'memory_short', (host) => withMemory(host, '18446744073709551617')],
  ['memory is no number', 'memory_short', (host) => withMemory(host, 'x[$(touch executed)]')],
]; // prettier-ignore

describe('what cannot be believed', sideBySide, () => {
  it.each(answers)('(%s) is a refusal, %s', async (_what, reason, misanswer) => {
    const host = await fakeHost();
    misanswer(host);

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'failed', reason, touched: false });
    expect(host.power()).toEqual([]);
  });
});

describe('a file of the HA manager with thousands of VMs', sideBySide, () => {
  const many = Array.from({ length: 3_000 }, (_, at) => `vm: ${1_000 + at}\n\tstate started\n`).join('\n');

  it('is read to its end: a VM that is not in it may be cycled, and one that is last is not', async () => {
    const host = await fakeHost({ human_cooldown: 0 });
    host.write(many, 'etc/resources.cfg');
    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok', reason: 'cycled' });

    host.write(`${many}\nvm: 102\n\tstate started\n`, 'etc/resources.cfg');
    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ reason: 'ha_managed', touched: false });
  });
});

describe('a VM that has moved to another node', sideBySide, () => {
  it.each([
    ['as its host knows itself', true],
    ['where the host is known by its name alone', false],
  ])('is said to be there, with the node’s name, %s', async (_how, hasLink) => {
    const host = await fakeHost({ human_cooldown: 0 });
    await call(host, 'human', 'stop');
    host.write('', 'power.log');
    mkdirSync(host.path('nodes/here/qemu-server'), { recursive: true });
    mkdirSync(host.path('nodes/pve-2/qemu-server'), { recursive: true });
    if (hasLink) symlinkSync('nodes/here', host.path('local'));
    host.write('', 'nodes/pve-2/qemu-server/102.conf');
    host.write('', 'nodes/pve-2/qemu-server/1020.conf');
    const gone = `[[ $1 != config && $1 != pending ]] || { echo "Configuration file 'nodes/here/qemu-server/102.conf' does not exist" >&2; exit 2; }`;
    ownQm(host, gone);

    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({
      class: 'on_other_node',
      advice: 'human',
      otherNode: 'pve-2',
    });
    for (const verb of ['start', 'cycle']) {
      const refused = (await call(host, 'human', verb)).document();
      expect(refused, verb).toMatchObject({ result: 'failed', reason: 'on_other_node', touched: false });
      expect(refused.hint).toContain('pve-2');
    }
    rmSync(host.path('nodes/pve-2/qemu-server/102.conf'));
    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({ class: 'off', otherNode: null });
    expect(host.power()).toEqual([]);
  });
});
