/**
 * What comes from the operating system. Looked for by the executable that is needed, whoever installed it; fetched by apt only where
 * that is possible without asking anyone (root on Debian or Ubuntu), and said before it is done.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, isExecutable } from './executables.mjs';
import { run } from './progress.mjs';

/** @typedef {'start' | 'test'} Purpose */
/** @typedef {{ executable: string, debian: string, purposes: Purpose[], folders?: () => string[], opensPort?: true }} SystemPackage */

/** @type {SystemPackage[]} */
export const systemPackages = [
  { executable: 'git', debian: 'git', purposes: ['start', 'test'] },
  { executable: 'bwrap', debian: 'bubblewrap', purposes: ['start', 'test'] },
  { executable: 'socat', debian: 'socat', purposes: ['start', 'test'] },
  { executable: 'flock', debian: 'util-linux', purposes: ['start', 'test'] },
  { executable: 'setpriv', debian: 'util-linux', purposes: ['start', 'test'] },
  { executable: 'postgres', debian: 'postgresql', purposes: ['test'], folders: postgresFolders },
  { executable: 'redis-server', debian: 'redis-server', purposes: ['test'] },
  { executable: 'rg', debian: 'ripgrep', purposes: ['test'] },
  { executable: 'pytest', debian: 'python3-pytest', purposes: ['test'], folders: () => [] },
  { executable: 'sshd', debian: 'openssh-server', purposes: ['test'], folders: sbinFolders, opensPort: true },
  { executable: 'qemu-system-x86_64', debian: 'qemu-system-x86', purposes: ['test'] },
  { executable: 'mkfs.ext4', debian: 'e2fsprogs', purposes: ['test'], folders: sbinFolders },
  { executable: 'logrotate', debian: 'logrotate', purposes: ['test'], folders: sbinFolders },
  { executable: 'groff', debian: 'groff-base', purposes: ['test'] },
  { executable: 'shellcheck', debian: 'shellcheck', purposes: ['test'] },
  { executable: 'ssh', debian: 'openssh-client', purposes: ['test'] },
];

/** Daemons live in sbin, which is not on everybody's PATH. */
export function sbinFolders() {
  return ['/usr/sbin', '/usr/local/sbin', '/sbin'];
}

/** Debian keeps the server's programs off PATH, one folder a version; the newest first. */
export function postgresFolders(root = '/usr/lib/postgresql') {
  try {
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(root, version, 'bin'));
  } catch {
    // No such folder: not Debian's layout, or no server.
    return [];
  }
}

/**
 * Where an init system runs, a package that opens a port to the network from the next boot on is left to whoever owns the machine: no test
 * is worth that.
 * @param {Purpose} purpose @param {string | undefined} path @param {boolean} hasInit @returns {string[]} Debian's names, each once
 */
export function missingPackages(purpose, path, hasInit = existsSync('/run/systemd/system')) {
  const missing = systemPackages.filter(({ executable, purposes, folders, opensPort }) => {
    if (!purposes.includes(purpose) || (opensPort && hasInit)) return false;
    if (executable === 'pytest' && findOnPath('pytest-3', path)) return false;
    const elsewhere = (folders?.() ?? []).some((folder) => isExecutable(join(folder, executable)));
    return !elsewhere && !findOnPath(executable, path);
  });
  return [...new Set(missing.map(({ debian }) => debian))];
}

/** @param {string} osRelease the text of /etc/os-release */
export function isDebianFamily(osRelease) {
  const ids = /^(?:ID|ID_LIKE)=(.*)$/gm;
  return [...osRelease.matchAll(ids)].some(([, value]) => /\b(debian|ubuntu)\b/.test(value ?? ''));
}

/** Why apt is not ours to use here, or null. @param {{ platform: string, uid: number, apt: string | undefined, osRelease: string }} facts */
export function aptRefusal({ platform, uid, apt, osRelease }) {
  if (platform !== 'linux' || !isDebianFamily(osRelease)) return 'this is not Debian or Ubuntu';
  if (apt !== undefined && /^(no|0|false|off)$/i.test(apt)) return 'LAMPLIGHTER_APT says no';
  if (uid !== 0) return 'only root may install';
  return null;
}

export function readOsRelease() {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    // macOS and very small images have none; aptRefusal then says what follows.
    return '';
  }
}

/** @param {Purpose} purpose @param {(text: string) => void} note */
export async function installSystemPackages(purpose, note) {
  const { env } = process;
  const missing = missingPackages(purpose, env['PATH']);
  if (missing.length === 0) return 'nothing missing';
  const names = missing.join(' ');
  const facts = {
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
    apt: env['LAMPLIGHTER_APT'],
    osRelease: readOsRelease(),
  };
  const why = aptRefusal(facts);
  if (why) return `not installed, as ${why}; what needs them will say so: ${names} (by Debian's names)`;
  note(`installing by apt: ${names} (LAMPLIGHTER_APT=no prevents that)`);
  try {
    await aptInstall(missing);
  } catch {
    note('apt could not, with the package list it has; updating that list');
    await run('apt-get', ['update', '-q'], { env: aptEnvironment(), remedy: aptRemedy(names) });
    await aptInstall(missing);
  }
  return `installed ${names}`;
}

/** @param {string} names */
function aptRemedy(names) {
  return `install these yourself and set LAMPLIGHTER_APT=no: ${names}`;
}

function aptEnvironment() {
  return { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
}

/** @param {string[]} names */
function aptInstall(names) {
  const args = ['install', '-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', ...names];
  return run('apt-get', args, { env: aptEnvironment(), remedy: aptRemedy(names.join(' ')) });
}
