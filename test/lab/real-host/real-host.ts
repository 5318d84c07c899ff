/**
 * A Proxmox host with a real QEMU, a real Linux guest and the machine's own process table: what is not Proxmox's is not imitated, what is
 * Proxmox's (`qm`, `pvesm`, where files lie) is a stand-in. All of it ends with `close`, and with the process that started it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { probePart } from '../../../config/system-parts.ts';
import { type GuestImage, guestImage } from '../guest/image.ts';
import { hostFiles, hostFolders, type LabHost, type Settings } from '../lab-host.ts';
import { bootedGuest } from './booted.ts';
import { type Guest, guestAt } from './guest.ts';
import { type EventMonitor, listenForMachines } from './monitor.ts';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const qm = join(here, 'qm');

export interface RealHost extends LabHost {
  readonly vmid: string;
  readonly guest: Guest;
  readonly monitor: EventMonitor;
  /** As a person at the host's own shell. */
  qm(...words: string[]): Promise<string>;
}

/** Enough for an emulated processor on a busy machine, and no more than a test can wait for. */
const budgets: Settings = {
  autonomy: 'judgement',
  detach: 'setsid',
  stop_timeout: 2,
  stop_budget: 30,
  guest_budget: 120,
  block_sample: 2,
  memory_reserve_mb: 16,
  human_cooldown: 0,
  agent_cooldown: 0,
  agent_per_hour: 10_000,
};

/** How long the stand-in waits for the agent, for a freeze, after QMP quit and after SIGTERM. Proxmox: 3 s, an hour, up to 60 s, and 10 s. */
const patience = { agent_seconds: 2, freeze_seconds: 60, quit_seconds: 2, term_seconds: 2 };

/** KVM is there in name on machines where no stock kernel boots under it: only the modules of real hardware are believed. */
function processor(): { accel: string; cpu: string } {
  const real = ['kvm_intel', 'kvm_amd'].some((module) => existsSync(`/sys/module/${module}`)) && existsSync('/dev/kvm');
  // The more an emulated processor can do, the longer a kernel takes to find it out; without a source of chance it waits for one.
  return real ? { accel: 'kvm', cpu: 'host' } : { accel: 'tcg,thread=multi', cpu: 'Nehalem,+rdrand' };
}

/** Below the ports that the kernel gives out by itself, so that nobody takes it while the VM is off. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const outcome = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, '127.0.0.1');
    if (await outcome) {
      server.close();
      await once(server, 'close');
      return port;
    }
  }
}

/** What of QEMU's command line is not this host's own. */
function machineOf(image: GuestImage, more: Settings): { machine: Settings; vm: Settings } {
  const qemu = probePart('qemu', process.env);
  if (!qemu.present) throw new Error(`the lab needs QEMU: ${qemu.why}; ${qemu.remedy}`);
  const { kernel, initrd } = image;
  const vm = {
    agent: 1,
    args: '-device pvpanic-pci',
    boot: 'order=scsi0;net0',
    memory: 256,
    net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
    scsihw: 'virtio-scsi-single',
    ...more,
  };
  return { machine: { kernel, initrd, qemu: qemu.where, ...processor(), ...patience }, vm };
}

interface Prepared {
  readonly machine: Settings;
  readonly vm: Settings;
  readonly disk: string;
  /** Of a guest that has booted; without it this one boots. */
  readonly memory: string | null;
}

function prepare(root: string, vmid: string, { machine, vm, disk, memory }: Prepared): void {
  for (const folder of [...hostFolders, 'machine']) mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  const lines = (pairs: Settings, between: string): string =>
    Object.entries(pairs)
      .map(([key, value]) => `${key}${between}${value}\n`)
      .join('');
  // As Proxmox sets up a Linux guest by itself.
  const scsi0 = `local-lvm:vm-${vmid}-disk-0,iothread=1,size=16M`;
  writeFileSync(join(root, 'machine/settings'), lines({ vmid, ...machine }, '='));
  writeFileSync(join(root, 'machine/config'), lines({ scsi0, ...vm }, ': '));
  for (const empty of ['machine/staged', 'power.log']) writeFileSync(join(root, empty), '');
  copyFileSync(disk, diskOf(root, vmid));
  if (memory !== null) symlinkSync(memory, join(root, 'machine/memory'));
  const tools = { qm, pvesm: join(here, '../fake-host/pvesm') };
  for (const [name, from] of Object.entries(tools)) {
    copyFileSync(from, join(root, 'bin', name));
    chmodSync(join(root, 'bin', name), 0o755);
  }
}

const diskOf = (root: string, vmid: string): string => join(root, 'disks', `vm-${vmid}-disk-0.raw`);

async function end(reaper: ChildProcess, monitor: EventMonitor): Promise<void> {
  const ended = reaper.exitCode === null ? once(reaper, 'exit') : Promise.resolve();
  reaper.stdin?.end();
  await ended;
  await monitor.close();
}

/**
 * A host whose VM runs and is well: the guest's disk is in use, its SSH server and its agent answer. `vm` is its configuration's. This first
 * QEMU goes on with a guest that had booted; whoever starts or resets it boots it.
 */
export async function startRealHost(settings: Settings = {}, more: Settings = {}): Promise<RealHost> {
  const image = await guestImage();
  const { machine, vm } = machineOf(image, more);
  const recipe = { image: dirname(image.kernel), qm, qemu: String(machine['qemu']), machine: { machine, vm } };
  const booted = await bootedGuest(recipe, async () => {
    const host = await startHost({}, image.key, { machine, vm, disk: image.disk, memory: null });
    return { monitor: host.monitor, disk: diskOf(host.root, host.vmid), close: () => host.close() };
  });
  const host = await startHost(settings, image.key, { machine, vm, ...booted });
  // It takes the time for what it was when its memory was kept.
  await host.guest.exec(`date -s @${Math.floor(Date.now() / 1_000)}`);
  return host;
}

async function startHost(settings: Settings, key: string, prepared: Prepared): Promise<RealHost> {
  const root = mkdtempSync(join(tmpdir(), 'real-pve-'));
  const reaper = spawn(join(here, 'reaper'), [root], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // Not a number that a VM of this machine has, should it be a real Proxmox host.
  const vmid = String(900_000_000 + Math.floor(Math.random() * 99_999_999));
  const port = await freePort();
  prepare(root, vmid, { ...prepared, machine: { ...prepared.machine, port } });
  const monitor = await listenForMachines(root);
  const qemu = realpathSync(String(prepared.machine['qemu']));
  const files = hostFiles(root, { ...budgets, vmid, proc: '/proc', qemu, guest_ssh: `127.0.0.1:${port}`, ...settings });
  const pidfile = files.path('run', `${vmid}.pid`);
  const asPerson = async (verb = '', ...words: string[]): Promise<string> => {
    const named = verb === 'guest' ? [verb, words[0] ?? '', vmid, ...words.slice(1)] : [verb, vmid, ...words];
    return (await run(files.path('bin/qm'), named)).stdout;
  };
  const host: RealHost = {
    ...files,
    vmid,
    qm: asPerson,
    monitor,
    guest: guestAt(port, key, monitor),
    pid: () => (existsSync(pidfile) ? files.read('run', `${vmid}.pid`).trim() : null),
    close: () => end(reaper, monitor),
  };
  try {
    await asPerson('start');
    await host.guest.isWell();
    host.write('', 'power.log');
  } catch (error) {
    const console_ = existsSync(host.path('machine/console')) ? host.read('machine/console') : '';
    await host.close();
    throw new Error(`the lab's guest did not come up: ${String(error)}\n${console_}`);
  }
  return host;
}
