/**
 * A Proxmox host made of files: a process table, a `qm`, a monitor that speaks QMP. The script under test is the real one; what it is
 * pointed at by its configuration is not. Nothing here can be killed or started, so thousands of crashes cost nothing.
 *
 * A fault is a file in `faults/`; its text is the fault's value. `power.log` is the judge: one line for each power event that happened.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listenAsMonitor, type Monitor } from './monitor.ts';

export type Fault =
  | 'agent-dead'
  | 'block-flat'
  | 'boot-id-stays'
  | 'frozen'
  | 'pending-stays'
  | 'pmxcfs-hangs'
  | 'qmp-hangs'
  | 'reset-event-missing'
  | 'reset-leaves-prelaunch'
  | 'start-fails'
  | 'start-takes'
  | 'starts-paused'
  | 'stop-refused'
  | 'stop-takes'
  | 'storage-inactive'
  | 'unkillable';

export interface FakeHost {
  readonly root: string;
  readonly config: string;
  path(...parts: string[]): string;
  read(...parts: string[]): string;
  write(text: string, ...parts: string[]): void;
  fault(name: Fault, value?: string): void;
  heal(name: Fault): void;
  /** Lines of the power log, such as `stop 5000001`. */
  power(): string[];
  /** The pid of the running QEMU, from the pidfile; null when there is none. */
  pid(): string | null;
  configure(settings: Record<string, string | number>): void;
  close(): Promise<void>;
}

const here = fileURLToPath(new URL('.', import.meta.url));
const vmid = '102';

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
  for (const folder of [
    'etc',
    'state/ops',
    'evidence',
    'run',
    'lock',
    'tasks',
    'bin',
    'disks',
    'faults',
    'machine',
    'cgroup',
  ]) {
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
  for (const tool of ['qm', 'pvesm']) {
    copyFileSync(join(here, tool), join(root, 'bin', tool));
    chmodSync(join(root, 'bin', tool), 0o755);
  }
}

function configText(root: string, settings: Record<string, string | number>): string {
  const places = {
    vmid,
    qm: join(root, 'bin/qm'),
    pvesm: join(root, 'bin/pvesm'),
    state_dir: join(root, 'state'),
    evidence_dir: join(root, 'evidence'),
    log: join(root, 'log'),
    pause_file: join(root, 'etc/pause'),
    run_dir: join(root, 'run'),
    lock_dir: join(root, 'lock'),
    tasks_dir: join(root, 'tasks'),
    proc: join(root, 'proc'),
    cgroup: join(root, 'cgroup'),
  };
  return `${Object.entries({ ...places, ...quickly, ...settings })
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}

/** A host whose VM 102 runs and is well. */
export async function startFakeHost(settings: Record<string, string | number> = {}): Promise<FakeHost> {
  const root = mkdtempSync(join(tmpdir(), 'fake-pve-'));
  prepare(root);
  const path = (...parts: string[]): string => join(root, ...parts);
  const read = (...parts: string[]): string => readFileSync(path(...parts), 'utf8');
  const write = (text: string, ...parts: string[]): void => writeFileSync(path(...parts), text);
  const configure = (more: Record<string, string | number>): void => {
    writeFileSync(join(root, 'etc/config'), configText(root, { ...settings, ...more }), { mode: 0o600 });
  };
  configure({});
  const monitor: Monitor = await listenAsMonitor(root, vmid);
  const host: FakeHost = {
    root,
    config: path('etc/config'),
    path,
    read,
    write,
    configure,
    fault: (name, value = '') => write(value, 'faults', name),
    heal: (name) => rmSync(path('faults', name), { force: true }),
    power: () => read('power.log').split('\n').filter(Boolean),
    pid: () => (existsSync(path('run/102.pid')) ? read('run/102.pid').trim() : null),
    async close() {
      await monitor.close();
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await monitor.startMachine();
  write('', 'power.log');
  return host;
}
