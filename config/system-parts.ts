/**
 * The parts of this machine that Lamplighter or its tests can use: whether each is there, and what to do when it is not. What comes from
 * the operating system is on the one list of bin/bootstrap/system-parts.mjs; three are looked for in ways of their own.
 */
import { spawnSync } from 'node:child_process';
import { findOnPath } from '../bin/bootstrap/executables.mjs';
import { findBeside, readOsRelease } from '../bin/bootstrap/system-packages.mjs';
import { SYSTEM_PARTS, type SystemPart as Listed } from '../bin/bootstrap/system-parts.mjs';
import { resolveTemporal, temporalRemedy } from '../bin/bootstrap/temporal.mjs';

/** What is no package of the operating system's. */
const OTHERS = {
  temporal: { use: 'always', neededFor: 'the durable engine under everything' },
  'debian-packages': { use: 'tests', neededFor: 'building that machine, which is made of Debian packages' },
} as const;

export type SystemPartName = keyof typeof SYSTEM_PARTS | keyof typeof OTHERS;

export type Probe = { present: true; where: string } | { present: false; why: string; remedy: string };

type Environment = Record<string, string | undefined>;
type Found = { where: string } | { why: string; remedy?: string };

export interface SystemPart {
  readonly name: SystemPartName;
  /** Without one that is used always `up` can't do its work; the others serve one feature, or tests. */
  readonly use: 'always' | 'feature' | 'tests';
  readonly neededFor: string;
}

export const systemParts: readonly SystemPart[] = Object.entries({ ...SYSTEM_PARTS, ...OTHERS }).map(
  ([name, { use, neededFor }]) => ({ name: name as SystemPartName, use, neededFor }),
);

const notDebian = 'run these tests on Debian on x86-64, or in a container of it';

function findPart(name: SystemPartName, env: Environment): Found {
  if (name === 'bwrap') return findSandbox(env);
  if (name === 'temporal') return findTemporal(env);
  if (name === 'debian-packages') return findDebianPackages(env);
  const { executables, folders }: Listed = SYSTEM_PARTS[name];
  const where = executables
    .map((executable) => findBeside(executable, env['PATH'], folders?.() ?? []))
    .find((path) => path !== null);
  return where === undefined ? { why: `no ${executables.join(' or ')} on PATH` } : { where };
}

function remedyFor(name: SystemPartName): string {
  if (name === 'temporal') return temporalRemedy;
  if (name === 'debian-packages') return notDebian;
  const { debian, darwin }: Listed = SYSTEM_PARTS[name];
  if (process.platform === 'darwin') return darwin;
  return `apt-get install ${debian} (Debian, Ubuntu; elsewhere the package of like name)`;
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
  const found = findPart(name, env);
  if ('where' in found) return { present: true, where: found.where };
  return { present: false, why: found.why, remedy: found.remedy ?? remedyFor(name) };
}
