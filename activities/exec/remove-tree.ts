/**
 * The one way a folder with what others wrote in it is removed. They may have taken every permission from it, nested it deeper than a
 * path may be long, or put a link anywhere: links are removed and never followed, and nothing outside of the folder is touched.
 */
import { lstat, mkdir, mkdtemp } from 'node:fs/promises';
import { dirname } from 'node:path';
import { exec } from './exec.ts';

const CALL = { cwd: '/', env: { PATH: '/usr/bin:/bin' }, wallMs: 10 * 60_000, keepBytes: 16 * 1024 };

/** Null when it is gone; else in words why not, and what to do. It never throws for what keeps it: what was done in the folder counts all the same. */
export async function removeTree(dir: string): Promise<string | null> {
  const first = await exec(['rm', '-rf', '--', dir], CALL);
  if (!(await isThere(dir))) return null;
  await openFolders(dir);
  const second = await exec(['rm', '-rf', '--', dir], CALL);
  if (!(await isThere(dir))) return null;
  const why = (second.stderr || first.stderr).trim().split('\n')[0]?.slice(0, 300) ?? '';
  return `the folder ${dir} could not be removed (${why}): remove it by hand, as a user who may`;
}

export interface Used<T> {
  readonly value: T;
  /** In words why the folder is still there; null when it is gone. */
  readonly left: string | null;
}

/** A fresh folder for one use, gone afterwards. `prefix` is its path up to what makes it unique; folders on the way are made, for us alone. */
export async function inFreshFolder<T>(prefix: string, use: (dir: string) => Promise<T>): Promise<Used<T>> {
  await mkdir(dirname(prefix), { recursive: true, mode: 0o700 });
  const dir = await mkdtemp(prefix);
  let value: T;
  try {
    value = await use(dir);
  } catch (error) {
    // What went wrong first is what is said.
    await removeTree(dir);
    throw error;
  }
  return { value, left: await removeTree(dir) };
}

/** Folders only: a file needs no permission to be removed, and by another name it may lie outside. */
async function openFolders(dir: string): Promise<void> {
  // What can't be entered is opened on the way down, one by one; what can only not be written is opened many at once.
  const enterable = ['!', '-perm', '-u=rx', '-execdir', 'chmod', 'u+rwx', '--', '{}', ';'];
  const writable = ['!', '-perm', '-u=w', '-execdir', 'chmod', 'u+w', '--', '{}', '+'];
  await exec(['find', '-P', dir, '-type', 'd', '(', ...enterable, '-o', ...writable, ')'], CALL);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
