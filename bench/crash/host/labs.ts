import { startFakeHost } from '../../../test/lab/fake-host/fake-host.ts';
import { vmid } from '../../../test/lab/lab-host.ts';
import { startRealHost } from '../../../test/lab/real-host/real-host.ts';
import { startLabSshd } from '../../../test/lab/sshd/sshd.ts';
import { directDoor, sshDoor } from './door.ts';
import { putLateQm } from './late-qm.ts';
import type { Lab } from './rounds.ts';

/** A host of files for each round: it costs a few milliseconds. */
export const FAKE_LAB: Lab = {
  name: 'fake',
  sideBySide: 3,
  cycleMs: 1_200,
  roundsAHost: 1,
  async open() {
    const host = await startFakeHost();
    putLateQm(host);
    const count = (what: string): number => host.power().filter((line) => line.startsWith(what)).length;
    return {
      host,
      door: directDoor(host),
      vmid,
      proc: host.path('proc'),
      power: () => ({ stops: count('stop'), starts: count('start') }),
      boundMs: 30_000,
      close: () => host.close(),
    };
  },
};

/** Of the machine on which it runs. */
export const REAL_LAB_PARTS = ['qemu', 'mkfs', 'ssh', 'sshd', 'debian-packages'] as const;

/** A real QEMU with a real guest, asked through a real ssh and sshd. Its guest takes seconds to boot: a host serves many rounds. */
export const REAL_LAB: Lab = {
  name: 'real',
  sideBySide: 1,
  cycleMs: 9_000,
  roundsAHost: 25,
  async open() {
    const host = await startRealHost();
    putLateQm(host);
    const sshd = await startLabSshd({ config: host.config });
    return {
      host,
      door: sshDoor(host, sshd),
      vmid: host.vmid,
      proc: '/proc',
      power() {
        const { born, ended } = host.monitor.counted();
        return { stops: ended, starts: born };
      },
      boundMs: 240_000,
      async close() {
        await sshd.close();
        await host.close();
      },
    };
  },
};
