/**
 * A Proxmox host made of files: a process table, a `qm`, a monitor that speaks QMP. The script under test is the real one; what it is
 * pointed at by its configuration is not. Nothing here can be killed or started, so thousands of crashes cost nothing.
 *
 * A fault is a file in `faults/`; its text is the fault's value. `power.log` is the judge: one line for each power event that happened.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hostFiles, hostFolders, type LabHost, type Settings, vmid } from '../lab-host.ts';
import { listenAsMonitor, type Monitor } from './monitor.ts';

export type Fault =
  | 'agent-dead'
  | 'backup-stays'
  | 'block-flat'
  | 'boot-id-changes'
  | 'boot-id-stays'
  | 'frozen'
  | 'pending-stays'
  | 'pmxcfs-hangs'
  | 'qmp-errors'
  | 'qmp-hangs'
  | 'qmp-serves-one'
  | 'reset-event-missing'
  | 'reset-leaves-prelaunch'
  | 'rings-shown'
  | 'start-fails'
  | 'start-takes'
  | 'starts-paused'
  | 'stop-begins-late'
  | 'stop-refused'
  | 'stop-takes'
  | 'storage-inactive'
  | 'unkillable';

/** The host's shape, and what only a host of files can be made to do. */
export interface FakeHost extends LabHost {
  fault(name: Fault, value?: string): void;
  heal(name: Fault): void;
  /** As a person at the host's own shell. */
  qm(verb: 'start' | 'stop'): Promise<void>;
}

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
/** Short budgets: what is awaited here takes milliseconds, and a test should not wait for what will never come. */
const quickly = {
  autonomy: 'judgement',
  detach: 'setsid',
  read_timeout: 2,
  stop_budget: 6,
  gone_budget: 1,
  start_budget: 6,
  power_budget: 2,
  reset_budget: 3,
  guest_budget: 2,
  forensics_budget: 20,
  block_sample: 0,
};

function prepare(root: string): void {
  for (const folder of [...hostFolders, 'faults', 'machine', 'cgroup']) {
    mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  }
  mkdirSync(join(root, 'proc/sys/kernel/random'), { recursive: true });
  const files: Record<string, string> = {
    'proc/uptime': '100000.00 100000.00\n',
    'proc/sys/kernel/random/boot_id': '11111111-2222-3333-4444-555555555555\n',
    'proc/meminfo': 'MemTotal: 65536000 kB\nMemAvailable: 32768000 kB\n',
    'disks/vm-102-disk-0.raw': 'disk',
    'machine/config':
      'agent: 1\nboot: order=scsi0;net0\nmemory: 4096\nnet0: virtio=AA,bridge=vmbr0\nscsi0: local-lvm:vm-102-disk-0,size=32G\n',
    'machine/staged': '',
    'machine/next_pid': '5000000\n',
    'power.log': '',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  for (const tool of ['qm', 'pvesm', 'pvesh']) {
    copyFileSync(join(here, tool), join(root, 'bin', tool));
    chmodSync(join(root, 'bin', tool), 0o755);
  }
}

/** A host whose VM 102 runs and is well. */
export async function startFakeHost(settings: Settings = {}): Promise<FakeHost> {
  const root = mkdtempSync(join(tmpdir(), 'fake-pve-'));
  prepare(root);
  const files = hostFiles(root, { ...quickly, ...settings });
  const monitor: Monitor = await listenAsMonitor(root, vmid);
  const host: FakeHost = {
    ...files,
    fault: (name, value = '') => files.write(value, 'faults', name),
    qm: async (verb) => void (await run(files.path('bin/qm'), [verb, vmid])),
    heal: (name) => rmSync(files.path('faults', name), { force: true }),
    pid: () => (existsSync(files.path('run/102.pid')) ? files.read('run/102.pid').trim() : null),
    async close() {
      await monitor.close();
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await monitor.startMachine();
  host.write('', 'power.log');
  return host;
}
