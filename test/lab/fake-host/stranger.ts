/** A process of a fake host that is not its VM, or claims to be. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import type { LabHost } from '../lab-host.ts';

export interface Stranger {
  readonly exe: string;
  /** As the kernel names its cgroup. */
  readonly group: string;
  readonly words: readonly string[];
  /** Default: the user that runs the script, as root is on a host. */
  readonly uid?: number;
  /** In clock ticks since boot; default: long ago. */
  readonly started?: number;
  /** Its pid in each PID namespace below the host's. */
  readonly inside?: readonly number[];
}

const qemu = '/usr/bin/qemu-system-x86_64';

/** What is no VM of ours, by what gives it away; all say `-id 102` or our pidfile somewhere. */
export const impostors: Readonly<Record<string, (host: LabHost) => Stranger>> = {
  'anybody’s process in a container': () => ({
    exe: '/usr/bin/perl',
    uid: 65_534,
    group: '/lxc/101/ns',
    words: ['perl', '-e', 'sleep', '-id', '102'],
  }),
  'strace of such a line': () => ({
    exe: '/usr/bin/strace',
    group: '/user.slice/user-0.slice/session-1.scope',
    words: ['strace', 'kvm', '-id', '102'],
  }),
  'sudo with the VM’s pidfile': (host) => ({
    exe: '/usr/bin/sudo',
    group: '/user.slice',
    words: ['sudo', 'kvm', '-id', '102', '-pidfile', host.path('run/102.pid')],
  }),
  'a user’s own QEMU': () => ({ exe: qemu, uid: 1_000, group: '/user.slice', words: ['kvm', '-id', '102'] }),
  'a QEMU that a user put into his home': () => ({
    exe: '/home/someone/qemu-system-x86_64',
    group: '/user.slice',
    words: ['kvm', '-id', '102'],
  }),
  'the QEMU of a host in a container': () => ({
    exe: qemu,
    group: '/lxc/101/ns/qemu.slice/102.scope',
    words: ['kvm', '-id', '102'],
    inside: [17],
  }),
  'the QEMU of another VM': () => ({
    exe: qemu,
    group: '/qemu.slice/101.scope',
    words: ['kvm', '-id', '101', '-name', 'x', '-id', '102'],
  }),
};

export const strangersPid = '4242';

export function addStranger(host: LabHost, stranger: Stranger, pid = strangersPid): void {
  const { exe, group, words, uid = process.getuid?.() ?? 0, started = 999, inside = [] } = stranger;
  const folder = `proc/${pid}`;
  mkdirSync(host.path(folder, 'fd'), { recursive: true });
  host.write(`${pid} (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 ${started} 0 0\n`, folder, 'stat');
  host.write(words.map((word) => `${word}\0`).join(''), folder, 'cmdline');
  host.write(`0::${group}\n`, folder, 'cgroup');
  const namespaces = inside.length === 0 ? '' : `NSpid:\t${[pid, ...inside].join('\t')}\n`;
  host.write(`Name:\tx\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n${namespaces}VmRSS: 1 kB\n`, folder, 'status');
  rmSync(host.path(folder, 'exe'), { force: true });
  symlinkSync(exe, host.path(folder, 'exe'));
}

export function removeStranger(host: LabHost, pid = strangersPid): void {
  rmSync(host.path('proc', pid), { recursive: true, force: true });
}

/** A second QEMU of the same VM, of which only one should be. */
export const second = {
  inItsScope: { exe: qemu, group: '/qemu.slice/102.scope', words: ['kvm', '-id', '102'] },
  besideIt: { exe: qemu, group: '/user.slice', words: ['kvm', '-id', '102'] },
} satisfies Record<string, Stranger>;
