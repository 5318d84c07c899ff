/** The ways in which the lab's machine can be broken, as they were met or feared; each resolves when the machine shows it. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Held, holdMonitor } from '../hold-monitor.ts';
import type { RealHost } from './real-host.ts';

/** By the machine whose monitor it is; a second one that asks for the same waits for the first to be released. */
const holders = new WeakMap<RealHost, Held>();

export interface Wedge {
  /** What a person is told that it is. */
  what: string;
  induce: (host: RealHost) => Promise<void>;
}

const throttled = { bps: 1, bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0 };

export const wedges = {
  stopped: {
    what: 'SIGSTOP to QEMU: the process is there, nothing in it moves',
    induce: (host) => {
      process.kill(Number(host.pid()), 'SIGSTOP');
      return Promise.resolve();
    },
  },
  paused: {
    what: 'the machine is paused over QMP, as by somebody who forgot it',
    induce: async (host) => {
      await host.monitor.ask('stop');
    },
  },
  throttled: {
    what: 'the disk is throttled to one byte a second: banner and agent answer, nobody can log in',
    async induce(host) {
      await host.monitor.ask('block_set_io_throttle', { device: 'drive-scsi0', ...throttled });
      await countersStand(host);
    },
  },
  panic: {
    what: 'the guest’s kernel panics and nobody tells QEMU',
    async induce(host) {
      await later(host, 'echo c >/proc/sysrq-trigger');
      await countersStand(host);
    },
  },
  'panic-told': {
    what: 'the guest’s kernel panics and tells QEMU through pvpanic',
    async induce(host) {
      await host.guest.exec('insmod /modules/pvpanic_pci.ko');
      await later(host, 'echo c >/proc/sysrq-trigger');
      await runState(host, 'guest-panicked');
    },
  },
  memory: {
    what: 'the guest’s memory is used up again and again: slow, and no wedge',
    async induce(host) {
      await later(host, 'echo 1 >/proc/sys/vm/overcommit_memory; while :; do tail -c 999999999 /dev/zero; done');
      await until('the OOM killer has struck', async () =>
        /^oom_kill [1-9]/m.test(await host.guest.exec('cat /proc/vmstat', 30_000)),
      );
    },
  },
  'sshd-dead': {
    what: 'the SSH server died; the agent answers',
    async induce(host) {
      await later(host, 'killall dropbear');
      await until('no banner comes', async () => (await host.guest.banner()) === null);
    },
  },
  'agent-dead': {
    what: 'the guest agent died; SSH works',
    async induce(host) {
      await host.guest.exec('killall qemu-ga');
    },
  },
  frozen: {
    what: 'a backup left the file systems frozen',
    async induce(host) {
      await host.qm('guest', 'cmd', 'fsfreeze-freeze');
    },
  },
  'powered-off': {
    what: 'the guest switched itself off; its QEMU stays',
    async induce(host) {
      await later(host, 'poweroff -f');
      await runState(host, 'shutdown');
    },
  },
  'monitor-held': {
    what: 'somebody else is at the monitor, which serves one client: the machine is well',
    async induce(host) {
      holders.set(host, await holdMonitor(host, host.vmid));
    },
  },
  killed: {
    what: 'somebody killed QEMU; its pidfile and its sockets are still there',
    async induce(host) {
      const pid = Number(host.pid());
      process.kill(pid, 'SIGKILL');
      await until('QEMU is gone', () => host.qm('status').then((said) => said.includes('stopped')));
    },
  },
} satisfies Record<string, Wedge>;

export type WedgeName = keyof typeof wedges;

/** What cures a held monitor: its client goes. */
export async function releaseMonitor(host: RealHost): Promise<void> {
  await holders.get(host)?.release();
}

/** Runs in the guest when the SSH session that asked has been answered. */
async function later(host: RealHost, command: string): Promise<void> {
  await host.guest.exec(`setsid sh -c 'sleep 0.2; ${command}' >/dev/null 2>&1 </dev/null &`);
}

async function until(what: string, isSo: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it took more than ${withinMs} ms until ${what}`);
    await delay(100);
  }
}

function runState(host: RealHost, state: string): Promise<void> {
  const seen = async (): Promise<boolean> =>
    ((await host.monitor.ask('query-status')) as { status: string }).status === state;
  return until(`QEMU says ${state}`, seen);
}

/** A healthy guest uses its disk several times a second. */
async function countersStand(host: RealHost): Promise<void> {
  await until('the counters of the disk stand still', async () => {
    const before = await host.guest.operations();
    await delay(2_000);
    return (await host.guest.operations()) === before;
  });
}
