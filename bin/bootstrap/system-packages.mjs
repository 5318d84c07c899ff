/**
 * What comes from the operating system. Looked for by the executable that is needed, whoever installed it; fetched by apt only where
 * that is possible without asking anyone (root on Debian or Ubuntu), and said before it is done.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, isExecutable } from './executables.mjs';
import { run } from './progress.mjs';
import { SYSTEM_PARTS } from './system-parts.mjs';

/** @typedef {'start' | 'test'} Purpose */

/**
 * Where an init system runs, a package that opens a port to the network from the next boot on is left to whoever owns the machine: no test
 * is worth that.
 * @param {Purpose} purpose @param {string | undefined} path @param {boolean} hasInit @returns {string[]} Debian's names, each once
 */
export function missingPackages(purpose, path, hasInit = existsSync('/run/systemd/system')) {
  /** @type {import('./system-parts.mjs').SystemPart[]} */
  const parts = Object.values(SYSTEM_PARTS);
  const missing = parts.filter(({ executables, bring, folders, opensPort }) => {
    const isWanted = bring === 'start' || bring === purpose;
    if (!isWanted || (opensPort && hasInit)) return false;
    return !executables.some((executable) => findBeside(executable, path, folders?.() ?? []) !== null);
  });
  return [...new Set(missing.map(({ debian }) => debian))];
}

/** On PATH, else in these folders. @param {string} executable @param {string | undefined} path @param {readonly string[]} folders */
export function findBeside(executable, path, folders) {
  return findOnPath(executable, path) ?? folders.map((folder) => join(folder, executable)).find(isExecutable) ?? null;
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
