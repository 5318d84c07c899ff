/**
 * What a test may ask of a Proxmox host, whether it is made of files (fake-host/) or of a real QEMU (real-host/). Both run the real script;
 * a test that keeps to this shape runs on both.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Settings = Record<string, string | number>;

export interface LabHost {
  readonly root: string;
  /** The file that its QEMU runs. */
  readonly qemu: string;
  /** The script's configuration file. */
  readonly config: string;
  path(...parts: string[]): string;
  read(...parts: string[]): string;
  write(text: string, ...parts: string[]): void;
  /** What happened to the power, in order: `stop PID`, `start PID`, `reset`. The judge of every test: written by what did it. */
  power(): string[];
  /** The pid of the running QEMU, from the pidfile; null when there is none. */
  pid(): string | null;
  /** Writes the configuration anew, with these settings over those that the host was made with. */
  configure(settings: Settings): void;
  close(): Promise<void>;
}

export const vmid = '102';

/** The folders below a host's root that the script's configuration names. */
export const hostFolders = ['etc', 'state/ops', 'evidence', 'run', 'lock', 'tasks', 'bin', 'disks'] as const;

/** `proc` and `cgroup` are the machine's own where the VM is. */
export function configText(root: string, settings: Settings): string {
  const places = {
    vmid,
    qm: join(root, 'bin/qm'),
    pvesm: join(root, 'bin/pvesm'),
    pvesh: join(root, 'bin/pvesh'),
    state_dir: join(root, 'state'),
    evidence_dir: join(root, 'evidence'),
    log: join(root, 'log'),
    pause_file: join(root, 'etc/pause'),
    run_dir: join(root, 'run'),
    lock_dir: join(root, 'lock'),
    pve_nodes: join(root, 'nodes'),
    ha_resources: join(root, 'etc/resources.cfg'),
    tasks_dir: join(root, 'tasks'),
    proc: join(root, 'proc'),
    cgroup: join(root, 'cgroup'),
  };
  return `${Object.entries({ ...places, ...settings })
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}

/** What both hosts do alike, as it is only about files. */
export function hostFiles(root: string, settings: Settings): Omit<LabHost, 'pid' | 'close'> {
  const path = (...parts: string[]): string => join(root, ...parts);
  const read = (...parts: string[]): string => readFileSync(path(...parts), 'utf8');
  const config = path('etc/config');
  const qemu = String(settings['qemu'] ?? '/usr/bin/qemu-system-x86_64');
  const configure = (more: Settings): void =>
    writeFileSync(config, configText(root, { ...settings, ...more }), { mode: 0o600 });
  configure({});
  return {
    root,
    qemu,
    config,
    path,
    read,
    configure,
    write: (text, ...parts) => writeFileSync(path(...parts), text),
    power: () => read('power.log').split('\n').filter(Boolean),
  };
}
