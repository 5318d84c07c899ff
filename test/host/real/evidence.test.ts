/** Facts 3.3 on a real QEMU: what a bundle finds there, asked in QEMU's own words. */
import { describe, expect, it } from 'vitest';
import { call, until } from '../call.ts';
import { hasLab, patience, realHost } from './real-host.ts';

describe.skipIf(!hasLab)('3.3: a bundle of a real machine', () => {
  it(
    'names a throttle group that was left behind with its limits, and holds the console and the disks',
    patience,
    async () => {
      const host = await realHost();
      host.configure({ serial_log: host.path('machine/console') });
      await host.guest.exec('echo said at the console >/dev/console');
      // A console is slow: the command has ended before QEMU has written down what it said.
      const console = (): string => host.read('machine/console');
      await until('the console has it', () => console().includes('said at the console'));
      const limits = { 'iops-total': 5 };
      await host.monitor.ask('object-add', { 'qom-type': 'throttle-group', id: 'left-behind', limits });

      const { evidence, result } = (await call(host, 'ro', 'forensics')).document();

      expect(result).toBe('ok');
      const read = (item: string): string => host.read('evidence', evidence?.id ?? '', item);
      expect(read('qmp-objects')).toMatch(/^throttle-group left-behind \{"iops-total":5\}$/m);
      expect(read('serial')).toContain('said at the console');
      expect(read('disks')).toMatch(/^over \d+ ms\ndisk reads\/s/);
      expect(read('host-key')).toMatch(/ssh-[a-z0-9-]+ AAAA/);
      expect(read('manifest')).toMatch(/^host-key 0 /m);
    },
  );
});
