/** What stands between a stop that is done and the start that must follow: a cycle that has stopped the VM leaves it off for no passing cause. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { addStranger } from '../lab/fake-host/stranger.ts';
import { call, journal, killRunner, opId, start, until } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';

const other = 'proc/5999999';

function otherProcess(host: FakeHost, name: string): void {
  mkdirSync(host.path(other, 'fd'), { recursive: true });
  host.write(`5999999 (${name}) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0\n`, other, 'stat');
  host.write(`${name}\0`, other, 'cmdline');
}

describe('5.6: a process that looks at the disk for a moment after the stop, as udev does', sideBySide, () => {
  it('is waited for, and the VM is started', async () => {
    const host = await fakeHost({ gone_budget: 5 });
    const op = opId();
    const client = start(host, 'human', `cycle op=${op}`);
    await until('the VM is stopped', () => journal(host, op).includes(' done stop'));
    client.kill('SIGKILL');
    killRunner(host);
    otherProcess(host, 'blkid');
    symlinkSync(host.path('disks/vm-102-disk-0.raw'), host.path(other, 'fd/5'));

    const again = call(host, 'human', `cycle op=${op}`);
    await until('the start has seen who holds the disk', () => journal(host, op).includes(' begin start'));
    setTimeout(() => rmSync(host.path(other), { recursive: true }), 1_500);

    expect((await again).document()).toMatchObject({ result: 'ok', reason: 'cycled' });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });
});

describe(
  '5.6: a process table in which a QEMU hangs, so that a reader of its command line hangs too',
  sideBySide,
  () => {
    it.each(['cycle', 'stop'])('is noticed by %s before anything is stopped', async (verb) => {
      const host = await fakeHost();
      addStranger(host, { exe: '/usr/bin/qemu-system-x86_64', group: '/', words: [] }, '5999999');
      rmSync(host.path(other, 'cmdline'));
      execFileSync('mkfifo', [host.path(other, 'cmdline')]);

      expect((await call(host, 'human', verb)).document()).toMatchObject({
        result: 'failed',
        reason: 'process_table_unreadable',
        touched: false,
      });
      expect(host.power()).toEqual([]);
    });
  },
);
