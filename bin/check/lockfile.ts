/**
 * npm drops from the lockfile every optional platform package that the registry in use doesn't carry, and `npm ci` then refuses that
 * lockfile on every machine. So the lockfile is completed from what its own packages declare: entries for other platforms, by name
 * and version, without a digest. On the platform they're for, npm fetches them; elsewhere it skips them.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  version?: string;
  optionalDependencies?: Record<string, string>;
  [key: string]: unknown;
}
export interface Lockfile {
  packages: Record<string, LockEntry>;
  [key: string]: unknown;
}
interface Missing {
  name: string;
  version: string;
  wantedBy: string;
}

const systems = ['darwin', 'linux', 'win32', 'freebsd', 'openbsd', 'netbsd', 'sunos', 'aix', 'android', 'openharmony'];
const processors = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 's390x', 'riscv64', 'loong64', 'mips64el'];

/** Whether the package at `from` would find `name` by walking up the node_modules folders, as Node does. */
function isLocked(lock: Lockfile, from: string, name: string): boolean {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]) return true;
    if (at === '') return false;
    if (!at.includes('/node_modules/')) return lock.packages[`node_modules/${name}`] !== undefined;
  }
}

export function missingFromLock(lock: Lockfile): Missing[] {
  const missing = new Map<string, Missing>();
  for (const [wantedBy, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!isLocked(lock, wantedBy, name)) missing.set(name, { name, version, wantedBy });
    }
  }
  return [...missing.values()];
}

/** `@swc/core-linux-arm-gnueabihf` → linux, arm. A name that tells no platform gives null: it must not be guessed. */
export function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } | null {
  const words = name.split(/[/-]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (!os || !cpu) return null;
  const libc = words.includes('musl') ? ['musl'] : os === 'linux' && words.includes('gnu') ? ['glibc'] : undefined;
  return { os: [os], cpu: [cpu], ...(libc && { libc }) };
}

export function completed(lock: Lockfile): Lockfile {
  const packages = { ...lock.packages };
  for (const { name, version, wantedBy } of missingFromLock(lock)) {
    const platform = platformOf(name);
    if (!platform || !/^\d+\.\d+\.\d+/.test(version)) {
      throw new Error(
        `package-lock.json lacks ${name}@${version}, which ${wantedBy} asks for, and its platform or exact version can't be told ` +
          'from that: run `npm install` against a registry that carries it.',
      );
    }
    packages[`node_modules/${name}`] = { version, ...platform, optional: true };
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lock, packages: Object.fromEntries(sorted) };
}

function readLockfile(path: string): Lockfile {
  return JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
}

/** The check's view: one line for each package that would make `npm ci` refuse. */
export function lockfileProblems(path: string): string[] {
  return missingFromLock(readLockfile(path)).map(
    ({ name, version, wantedBy }) => `${name}@${version}, wanted by ${wantedBy}: run \`npm run lock\``,
  );
}

if (import.meta.main) {
  const path = new URL('../../package-lock.json', import.meta.url).pathname;
  const lock = readLockfile(path);
  const count = missingFromLock(lock).length;
  if (count > 0) writeFileSync(path, `${JSON.stringify(completed(lock), null, 2)}\n`);
  process.stderr.write(`package-lock.json: ${count} platform packages added\n`);
}
