/**
 * The lab's guest: a Debian kernel and an initramfs of BusyBox, Dropbear and the real guest agent, and a small disk. Built once and kept
 * in the cache under the sum of what it is made by; whoever comes second finds all of it or nothing.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheRoot } from '../../../bin/bootstrap/temporal.mjs';
import { probePart } from '../../../config/system-parts.ts';
import { clearOld } from './clear-old.ts';
import { writeModules } from './modules.ts';
import { unpackPackages } from './packages.ts';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const recipe = ['image.ts', 'init', 'login-shell', 'modules.ts', 'packages.ts', 'start-agent', 'start-sshd'];
const diskBytes = 16 * 1024 * 1024;

export interface GuestImage {
  kernel: string;
  initrd: string;
  /** Formatted and empty: each VM has a copy. */
  disk: string;
  /** The private key that the guest lets in as root. */
  key: string;
}

export async function guestImage(env: Record<string, string | undefined> = process.env): Promise<GuestImage> {
  const cache = join(cacheRoot(env), 'lab-guest');
  const sum = createHash('sha256');
  for (const file of recipe) sum.update(`${file}\0`).update(readFileSync(join(here, file)));
  const folder = join(cache, `image-${sum.digest('hex').slice(0, 16)}`);
  if (!existsSync(folder)) await build(cache, folder);
  const [kernel, initrd, disk, key] = ['kernel', 'initrd', 'disk.raw', 'key'].map((name) => join(folder, name));
  return { kernel, initrd, disk, key } as GuestImage;
}

async function build(cache: string, folder: string): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, '.building-'));
  try {
    const unpacked = join(work, 'packages');
    await unpackPackages(cache, unpacked);
    const made = join(work, 'image');
    mkdirSync(made);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', join(made, 'key')]);
    copyFileSync(only(unpacked, 'boot/vmlinuz-*'), join(made, 'kernel'));
    await writeInitrd(unpacked, join(work, 'root'), made);
    await writeDisk(join(made, 'disk.raw'));
    renameSync(made, folder);
    clearOld(cache, 'image', folder);
  } catch (error) {
    // Another process was faster: the same recipe, so the same image.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The one file of this form; the first where a package lies in two places (`/bin` and `/usr/bin` are one in newer releases). */
function only(root: string, pattern: string): string {
  const [file] = globSync(pattern, { cwd: root });
  if (!file) throw new Error(`Debian's packages hold no ${pattern}: the lab's guest can't be built of them`);
  return join(root, file);
}

async function writeInitrd(unpacked: string, root: string, made: string): Promise<void> {
  const busybox = only(unpacked, '{usr/,}bin/busybox');
  for (const name of ['bin', 'lib64', 'modules', 'dev', 'proc', 'sys', 'data', 'run', 'tmp', 'etc']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  mkdirSync(join(root, 'root/.ssh'), { recursive: true, mode: 0o700 });
  const programs = ['usr/sbin/dropbear', 'usr/bin/dropbearkey', 'usr/sbin/qemu-ga'].map((one) => only(unpacked, one));
  for (const file of [busybox, ...programs]) copyFileSync(file, join(root, 'bin', basename(file)));
  await writeLibraries(unpacked, programs, root);
  for (const name of ['login-shell', 'start-agent', 'start-sshd', 'init']) {
    const target = join(root, name === 'init' ? '' : 'bin', name);
    copyFileSync(join(here, name), target);
    chmodSync(target, 0o755);
  }
  writeModules(unpacked, join(root, 'modules'), busybox);
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/login-shell\n');
  writeFileSync(join(root, 'etc/shells'), '/bin/login-shell\n');
  writeFileSync(join(root, 'root/.ssh/authorized_keys'), readFileSync(join(made, 'key.pub')), { mode: 0o600 });
  // Not compressed: an emulated processor is slow at that, and the file is read once.
  const pack = 'cd "$1" && find . | "$2" cpio -o -H newc -R 0:0 >"$3"';
  await run('sh', ['-c', pack, 'pack', root, busybox, join(made, 'initrd')]);
}

/** Asked of the packages' own loader: the machine's libraries may be older or newer. */
async function writeLibraries(unpacked: string, programs: readonly string[], root: string): Promise<void> {
  // Not the one in lib64: that is a link, and leads to this machine's.
  const loader = only(unpacked, '{usr/,}lib/x86_64-linux-gnu/ld-linux-x86-64.so.2');
  const folders = ['lib', 'usr/lib'].map((name) => join(unpacked, name, 'x86_64-linux-gnu'));
  copyFileSync(loader, join(root, 'lib64', basename(loader)));
  // Where this loader looks without being told.
  const target = join(root, 'lib/x86_64-linux-gnu');
  mkdirSync(target, { recursive: true });
  for (const program of programs) {
    const { stdout } = await run(loader, ['--library-path', folders.join(':'), '--list', program]);
    for (const [, name = '', path = ''] of stdout.matchAll(/^\s*([^\s/]+) => (\/\S+)/gm)) {
      if (!path.startsWith(unpacked)) throw new Error(`${program} wants ${name}, which no package of the guest holds`);
      copyFileSync(path, join(target, name));
    }
  }
}

async function writeDisk(file: string): Promise<void> {
  const mkfs = probePart('mkfs', process.env);
  if (!mkfs.present) throw new Error(`the guest's disk can't be formatted: ${mkfs.why}; ${mkfs.remedy}`);
  writeFileSync(file, '');
  truncateSync(file, diskBytes);
  await run(mkfs.where, ['-q', '-F', file]);
}
