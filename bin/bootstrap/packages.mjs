/**
 * npm packages and Node 24. `npm ci` runs only when the lockfile changed since it last succeeded here, and not at all when what is
 * installed already is what the lockfile says (a developer's own `npm install`): it deletes node_modules under everyone using it.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findOnPath, isExecutable, pathOutside } from './executables.mjs';
import { BootstrapError, run } from './progress.mjs';

const stamp = '.lamplighter-lock';

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return null;
    throw error;
  }
}

/** @param {string} root */
export function node24(root) {
  return join(root, 'node_modules', '.bin', 'node');
}

/** @param {string} root */
export function lockDigest(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const name of ['package-lock.json', 'package.json']) hash.update(readFileSync(join(root, name))).update('\n');
  return hash.digest('hex');
}

/** The cheap question every command asks: two small files read, nothing started. @param {string} root */
export function isInstalled(root) {
  return readIfThere(join(root, 'node_modules', stamp))?.trim() === lockDigest(root) && isExecutable(node24(root));
}

/**
 * Whether npm's own record of what it installed agrees with the lockfile, package by package.
 * @param {string} root
 */
export function installedMatchesLock(root) {
  const hidden = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (hidden === null || !isExecutable(node24(root))) return false;
  const installed = JSON.parse(hidden).packages;
  const { '': project, ...locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const declared = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const kind of ['dependencies', 'devDependencies']) {
    if (JSON.stringify(project[kind] ?? {}) !== JSON.stringify(declared[kind] ?? {})) return false;
  }
  const wanted = Object.entries(locked).filter(
    ([path, entry]) => installed[path] || !(entry.optional || entry.devOptional || entry.peer),
  );
  return wanted.every(([path, entry]) => installed[path]?.version === entry.version);
}

/** @param {string} root */
function writeStamp(root) {
  writeFileSync(join(root, 'node_modules', stamp), `${lockDigest(root)}\n`);
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * One install at a time in a clone: `npm start` and `npm test` typed into two fresh terminals would otherwise delete each other's work.
 * @param {string} root @param {() => Promise<string>} install @param {(text: string) => void} note
 */
async function alone(root, install, note) {
  const folder = join(root, '.cache');
  const lock = join(folder, 'installing.pid');
  mkdirSync(folder, { recursive: true });
  for (let told = false; ;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const holder = Number(readIfThere(lock));
    if (holder > 0 && !isAlive(holder)) rmSync(lock, { force: true });
    else if (!told) note(`waiting for process ${holder}, which is installing`);
    told = true;
    await delay(250);
  }
  try {
    return await install();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param {string} root @param {(text: string) => void} note */
export async function installPackages(root, note) {
  if (isInstalled(root)) return 'up to date';
  return alone(
    root,
    async () => {
      if (isInstalled(root)) return 'installed meanwhile';
      if (installedMatchesLock(root)) {
        writeStamp(root);
        return 'up to date';
      }
      // Cut off in the middle, what is left must not look whole.
      for (const name of [stamp, '.package-lock.json']) rmSync(join(root, 'node_modules', name), { force: true });
      await npmCi(root, note);
      writeStamp(root);
      return 'installed';
    },
    note,
  );
}

/** @param {string} root @param {(text: string) => void} note */
async function npmCi(root, note) {
  // npm must not run on the Node that it is about to delete.
  const env = { ...process.env, PATH: pathOutside(process.env['PATH'], root) };
  if (!findOnPath('npm', env.PATH))
    throw new BootstrapError('npm is not on PATH', 'install npm (Debian, Ubuntu: `apt-get install npm`)');
  note('npm ci (the first time takes about a minute)');
  await run('npm', ['ci', '--include=dev', '--no-progress', '--loglevel=warn'], {
    cwd: root,
    env,
    remedy: 'read the lines above; if the lockfile is called out of sync, run `npm install` and `npm run lock`',
  });
  if (nodeMajor(root) !== 24) await placeNode(root, env, note);
}

/** @param {string} root */
function nodeMajor(root) {
  if (!isExecutable(node24(root))) return null;
  const { stdout } = spawnSync(node24(root), ['--version'], { encoding: 'utf8' });
  return Number(/^v(\d+)\./.exec(stdout ?? '')?.[1] ?? Number.NaN);
}

/**
 * The npm package `node` fetches the binary for this platform in an install script. Where npm skips scripts that nobody approved, the
 * platform's package is installed by name, at the same version, and linked to the place the script would have used.
 * @param {string} root @param {NodeJS.ProcessEnv} env @param {(text: string) => void} note
 */
async function placeNode(root, env, note) {
  note('npm skipped the install script of Node 24; placing it');
  await run(process.execPath, ['installArchSpecificPackage.js'], {
    cwd: join(root, 'node_modules', 'node'),
    env: { ...env, npm_config_ignore_scripts: 'true' },
    remedy: 'allow install scripts for the npm package `node`, then delete node_modules and try again',
  });
  // npm links only commands that were there when it looked.
  if (!isExecutable(node24(root))) symlinkSync(join('..', 'node', 'bin', 'node'), node24(root));
  if (nodeMajor(root) !== 24) {
    throw new BootstrapError(
      'Node 24 is not in node_modules after npm ci',
      'delete node_modules and try again, with npm install scripts allowed',
    );
  }
}
