/**
 * The parts of the operating system that Lamplighter or its tests can use: how each is found, what for, and what to do when it is
 * missing. One list, read by `lamplighter doctor` and by the tests, so that the two can't disagree.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findOnPath, isExecutable } from '../bin/bootstrap/executables.mjs';
import { postgresFolders, readOsRelease, sbinFolders } from '../bin/bootstrap/system-packages.mjs';
import { resolveTemporal, temporalRemedy } from '../bin/bootstrap/temporal.mjs';

export type SystemPartName =
  | 'git'
  | 'bwrap'
  | 'socat'
  | 'flock'
  | 'setpriv'
  | 'temporal'
  | 'postgres'
  | 'redis'
  | 'ripgrep'
  | 'pytest'
  | 'go'
  | 'cargo'
  | 'chromium'
  | 'sshd'
  | 'qemu'
  | 'mkfs'
  | 'ssh'
  | 'debian-packages'
  | 'shellcheck'
  | 'logrotate'
  | 'groff'
  | 'systemd-analyze';

export type Probe = { present: true; where: string } | { present: false; why: string; remedy: string };

type Environment = Record<string, string | undefined>;

export interface SystemPart {
  name: SystemPartName;
  /** Without a required part `up` can't do its work; the others serve tests, or one feature. */
  required: boolean;
  neededFor: string;
  remedy: { linux: string; darwin: string };
  find: (env: Environment) => { where: string } | { why: string; remedy?: string };
}

const notDebian = 'run these tests on Debian on x86-64, or in a container of it';
const noBubblewrap = 'there is no bubblewrap on macOS: run Lamplighter in a Linux VM';

export const systemParts: readonly SystemPart[] = [
  part('git', true, 'checkouts, gates, pushes', apt('git'), brew('git'), ['git']),
  {
    name: 'bwrap',
    required: true,
    neededFor: 'the sandbox that every command of an agent runs in',
    remedy: { linux: apt('bubblewrap'), darwin: noBubblewrap },
    find: findSandbox,
  },
  part('socat', true, "the sandbox's one way out, to the proxy", apt('socat'), brew('socat'), ['socat']),
  part('flock', true, 'the fence around a worktree', apt('util-linux'), brew('flock'), ['flock']),
  part('setpriv', true, 'leaving nothing when killed', apt('util-linux'), 'not to be had on macOS', ['setpriv']),
  {
    name: 'temporal',
    required: true,
    neededFor: 'the durable engine under everything',
    remedy: { linux: temporalRemedy, darwin: temporalRemedy },
    find: findTemporal,
  },
  part(
    'postgres',
    false,
    'postgres among the `services` of a contract, and the tests of the store',
    apt('postgresql'),
    brew('postgresql'),
    ['postgres'],
    postgresFolders,
  ),
  part('redis', false, 'redis among the `services` of a contract', apt('redis-server'), brew('redis'), [
    'redis-server',
  ]),
  part('ripgrep', false, 'tests of search in a checkout', apt('ripgrep'), brew('ripgrep'), ['rg']),
  part('pytest', false, 'tests that ship a Python project', apt('python3-pytest'), 'pip3 install pytest', [
    'pytest',
    'pytest-3',
  ]),
  part('go', false, 'tests that prove a change of a Go project', apt('golang-go'), brew('go'), ['go']),
  part('cargo', false, 'tests that prove a change of a Rust project', apt('cargo'), brew('rust'), ['cargo']),
  part('chromium', false, 'screenshots of the pages', apt('chromium'), brew('--cask chromium'), [
    'chromium',
    'chromium-browser',
    'google-chrome',
  ]),
  part(
    'sshd',
    false,
    'tests of the forced-command host script',
    apt('openssh-server'),
    'part of macOS',
    ['sshd'],
    sbinFolders,
  ),
  part('qemu', false, 'tests against a machine that can be wedged', apt('qemu-system-x86'), brew('qemu'), [
    'qemu-system-x86_64',
  ]),
  part('mkfs', false, 'the disk of that machine', apt('e2fsprogs'), brew('e2fsprogs'), ['mkfs.ext4'], sbinFolders),
  part('ssh', false, 'tests that log in to that machine', apt('openssh-client'), 'part of macOS', ['ssh']),
  {
    name: 'debian-packages',
    required: false,
    neededFor: 'building that machine, which is made of Debian packages',
    remedy: { linux: notDebian, darwin: notDebian },
    find: findDebianPackages,
  },
  part('shellcheck', false, 'the check of the host scripts', apt('shellcheck'), brew('shellcheck'), ['shellcheck']),
  part(
    'logrotate',
    false,
    "the test of that script's log",
    apt('logrotate'),
    brew('logrotate'),
    ['logrotate'],
    sbinFolders,
  ),
  part('groff', false, 'the check of its man page', apt('groff-base'), brew('groff'), ['groff']),
  part('systemd-analyze', false, 'the check of its units', apt('systemd'), 'not to be had on macOS', [
    'systemd-analyze',
  ]),
];

function apt(name: string): string {
  return `apt-get install ${name} (Debian, Ubuntu; elsewhere the package of like name)`;
}

function brew(name: string): string {
  return `brew install ${name}`;
}

function part(
  name: SystemPartName,
  required: boolean,
  neededFor: string,
  linux: string,
  darwin: string,
  executables: readonly string[],
  folders: () => string[] = () => [],
): SystemPart {
  return {
    name,
    required,
    neededFor,
    remedy: { linux, darwin },
    find: (env) => {
      const where = executables
        .map((executable) => findExecutable(executable, env, folders()))
        .find((path) => path !== null);
      return where ? { where } : { why: `no ${executables.join(' or ')} on PATH` };
    },
  };
}

function findExecutable(name: string, env: Environment, folders: readonly string[]): string | null {
  const elsewhere = folders.map((folder) => join(folder, name)).find(isExecutable);
  return findOnPath(name, env['PATH']) ?? elsewhere ?? null;
}

function findTemporal(env: Environment): { where: string } | { why: string } {
  try {
    const found = resolveTemporal(env);
    return found
      ? { where: `${found.path} (${found.source})` }
      : { why: 'neither configured, nor on PATH, nor in the cache' };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

/** Downloaded and unpacked, never installed: that needs apt with Debian's own lists, for the processor that the guest is of. */
function findDebianPackages(env: Environment): { where: string } | { why: string } {
  if (process.platform !== 'linux' || process.arch !== 'x64') return { why: 'this is not Linux on x86-64' };
  const apt = findOnPath('apt-get', env['PATH']);
  if (!apt || !findOnPath('dpkg-deb', env['PATH'])) return { why: 'no apt-get and dpkg-deb on PATH' };
  return /^ID=debian$/m.test(readOsRelease()) ? { where: apt } : { why: "the packages here are not Debian's" };
}

/** The binary alone proves nothing: many systems ship it and forbid the namespaces it needs. */
function findSandbox(env: Environment): { where: string } | { why: string; remedy?: string } {
  const where = findOnPath('bwrap', env['PATH']);
  if (!where) return { why: 'no bwrap on PATH' };
  const argv = [
    '--unshare-all',
    '--unshare-user',
    '--die-with-parent',
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    'true',
  ];
  const ran = spawnSync(where, argv, {
    encoding: 'utf8',
    timeout: 10_000,
    env: { PATH: env['PATH'] ?? '', LC_ALL: 'C' },
  });
  if (ran.status === 0) return { where };
  const said = ran.error?.message ?? (ran.stderr.trim() || `exit code ${ran.status ?? ran.signal}`);
  return { why: `bwrap is there but could not make a sandbox: ${said}`, remedy: namespaceRemedy(said) };
}

/** The three ways in which user namespaces are usually forbidden, told apart by what bubblewrap says. */
function namespaceRemedy(said: string): string {
  if (/uid map|loopback/i.test(said)) {
    return (
      'AppArmor restricts user namespaces (Ubuntu 24.04 and later): run ' +
      '`sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`'
    );
  }
  if (/mount|proc/i.test(said)) {
    return 'a container masks /proc: start it with `--security-opt systempaths=unconfined --security-opt seccomp=unconfined --security-opt apparmor=unconfined`';
  }
  return (
    'user namespaces are off: in a container start it with `--security-opt seccomp=unconfined`; on a host run ' +
    '`sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000`'
  );
}

/** Looks once, synchronously: tests decide by it while they're being collected. */
export function probePart(name: SystemPartName, env: Environment): Probe {
  const wanted = systemParts.find((candidate) => candidate.name === name);
  if (!wanted) throw new Error(`there is no system part called ${name}; the list is in config/system-parts.ts`);
  const found = wanted.find(env);
  if ('where' in found) return { present: true, where: found.where };
  const general = process.platform === 'darwin' ? wanted.remedy.darwin : wanted.remedy.linux;
  return { present: false, why: found.why, remedy: found.remedy ?? general };
}
