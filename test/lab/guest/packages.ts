/** The guest's parts, from Debian: its kernel, BusyBox, Dropbear, the QEMU guest agent and the libraries of these. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const kernel = 'linux-image-cloud-amd64';
const programs = ['busybox-static', 'dropbear-bin', 'qemu-guest-agent'];

/** The packages that these depend on, themselves included; a virtual one stands in angle brackets and is left out. */
async function depends(names: readonly string[], ...more: string[]): Promise<string[]> {
  const not = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map((kind) => `--no-${kind}`);
  const { stdout } = await run('apt-cache', ['depends', ...more, ...not, ...names], { maxBuffer: 1 << 24 });
  const found = stdout.split('\n').map((line) => line.replace(/^[ |]*(Depends|PreDepends): /, '').trim());
  return [...new Set(found)].filter((name) => /^[a-z0-9][a-z0-9.+-]+$/.test(name));
}

/** Libraries are asked of apt, as their names differ between releases; Perl's serve maintainer scripts only, which nobody runs. */
async function packageNames(): Promise<string[]> {
  const image = (await depends([kernel])).find((name) => /^linux-image-\d/.test(name));
  if (!image) throw new Error(`apt does not know which kernel ${kernel} is`);
  const libraries = (await depends(programs, '--recurse')).filter(
    (name) => /^(lib|zlib)/.test(name) && !/^lib(perl|db|gdbm)|-perl$/.test(name),
  );
  return [image, ...programs, ...libraries];
}

/** The folder that holds them, in the cache: filled once for the same names, whole or not at all. */
async function download(cache: string): Promise<string> {
  const names = await packageNames();
  const folder = join(cache, `packages-${createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const work = mkdtempSync(join(cache, '.fetching-'));
  try {
    await run('apt-get', ['download', '-q', ...names], { cwd: work });
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** Fetches what is not in the cache yet, and unpacks all of it into `into`. Nothing is installed. */
export async function unpackPackages(cache: string, into: string): Promise<void> {
  let folder: string;
  try {
    folder = await download(cache);
  } catch (first) {
    // A fresh container has no list of packages yet.
    await run('apt-get', ['update', '-q']).catch((second: unknown) => {
      throw new Error(`Debian's packages for the lab's guest could not be had: ${String(first)}; ${String(second)}`);
    });
    folder = await download(cache);
  }
  for (const file of readdirSync(folder)) await run('dpkg-deb', ['-x', join(folder, file), into]);
}
