/** Facts 3.3: what a bundle holds beside what the wedges are told by, and that what can't be had is written down as such. */
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, start, answerOf, until } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';

async function bundle(host: FakeHost): Promise<(item: string) => string> {
  const { evidence } = (await call(host, 'ro', 'forensics')).document();
  return (item) => host.read('evidence', evidence?.id ?? '', item);
}

const object = (type: string, name: string): object => ({ type: `child<${type}>`, name });
const disk = (reads: number, writes: number, busyMs: number): string =>
  `   8       0 sda ${reads} 0 ${reads * 8} ${reads * 2} ${writes} 0 ${writes * 16} ${writes * 2} 3 ${busyMs} 999 0 0 0 0 0 0\n   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n`;

describe('3.3: a bundle', sideBySide, () => {
  it("tells how busy the host's disks were while it looked, from the kernel's own counters", async () => {
    const host = await fakeHost({ block_sample: 1 });
    host.fault('block-flat');
    host.write(disk(1_000, 2_000, 50_000), 'proc/diskstats');
    const answer = answerOf(start(host, 'ro', 'forensics'));
    await until('the first sample is kept', () => readdirSync(host.path('evidence')).length > 0);
    await until('the host is asked', () => {
      const [partial = ''] = readdirSync(host.path('evidence'));
      return readdirSync(host.path('evidence', partial)).includes('diskstats');
    });
    host.write(disk(101_000, 52_000, 50_600), 'proc/diskstats');

    const { evidence } = (await answer).document();

    const [over = '', header = '', ...disks] = host
      .read('evidence', evidence?.id ?? '', 'disks')
      .trim()
      .split('\n');
    const ms = Number(/^over (\d+) ms$/.exec(over)?.[1]);
    expect(header).toMatch(/^disk reads\/s writes\/s/);
    expect(disks).toHaveLength(1);
    const [name, reads, writes, readKib, writtenKib, msEach, inFlight] = disks[0]?.split(' ') ?? [];
    expect([name, msEach, inFlight]).toEqual(['sda', '2', '3']);
    expect(Number(reads)).toBe(Math.floor(100_000_000 / ms));
    expect(Number(writes)).toBe(Math.floor(50_000_000 / ms));
    expect(Number(readKib)).toBe(Math.floor(400_000_000 / ms));
    expect(Number(writtenKib)).toBe(Math.floor(400_000_000 / ms));
  });

  it('names the objects that were left in QEMU, throttle groups with their limits, and never a secret', async () => {
    const host = await fakeHost();
    const objects = [object('throttle-group', 'leaked'), object('memory-backend-ram', 'ram'), object('secret', 'sec0')];
    host.write(JSON.stringify([{ type: 'string', name: 'type' }, ...objects]), 'machine/objects');

    const read = await bundle(host);

    expect(read('qmp-objects')).toBe('throttle-group leaked {"bps-write":4096,"iops-total":1}\nsecret [redacted]\n');
  });

  it('has the neighbours, a ping of the guest and the key that its SSH server shows, or why not', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const host = await fakeHost({ guest_ssh: `127.0.0.1:${(silent.address() as { port: number }).port}` });
    silent.close();
    mkdirSync(host.path('proc/net'));
    host.write(
      'IP address HW type Flags HW address Mask Device\n192.0.2.9 0x1 0x0 00:00:00:00:00:00 * vmbr0\n',
      'proc/net/arp',
    );

    const read = await bundle(host);

    expect(read('neighbours')).toContain('192.0.2.9 0x1 0x0 00:00:00:00:00:00');
    expect(read('manifest')).toMatch(/^ping \d+ \d+$/m);
    expect(read('manifest')).toMatch(/^host-key [1-9]\d* \d+$/m);
  });

  it('has the end of the serial log, its secrets struck out; without one it says that there was nothing to read', async () => {
    const host = await fakeHost();
    host.write('x'.repeat(100_000) + '\nlogin: root\npassword=hunter2hunter2\nKernel panic - not syncing\n', 'serial');
    host.configure({ serial_log: host.path('serial') });

    const serial = (await bundle(host))('serial');

    expect(serial).toContain('Kernel panic - not syncing');
    expect(serial).not.toContain('hunter2');
    expect(serial.length).toBeLessThan(33_000);

    const other = await fakeHost();
    other.configure({ serial_log: other.path('nowhere') });
    const read = await bundle(other);
    expect(read('serial')).toContain('No such file');
    expect(read('manifest')).toMatch(/^serial 1 /m);
  });
});
