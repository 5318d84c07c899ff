/**
 * What a killed git leaves in a clone: lock files, which stop every later one, and half-written packs, which add up. Only for whoever
 * holds the repo's host lock: every git of ours that writes to a clone runs under it, so none is at work.
 */
import type { Dirent } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { absent } from './absent.ts';

/** Folders of a git directory, and whether what lies below them is looked at too. */
const PLACES: readonly { readonly dir: string; readonly deep: boolean }[] = [
  { dir: '.', deep: false },
  { dir: 'refs', deep: true },
  { dir: 'logs', deep: true },
  { dir: 'worktrees', deep: true },
  { dir: 'objects/info', deep: true },
  { dir: 'objects/pack', deep: false },
];

export async function clearDeadLocks(gitDir: string): Promise<void> {
  for (const { dir, deep } of PLACES) {
    const entries = (await readdir(join(gitDir, dir), { recursive: deep, withFileTypes: true }).catch(absent)) ?? [];
    for (const entry of entries) if (isLeftover(entry)) await rm(join(entry.parentPath, entry.name), { force: true });
  }
}

/** Made to be the only one of their name, as a lock is, but without its ending. */
const ALONE = ['gc.pid', 'packed-refs.new'];

/** No ref's name ends in `.lock`: git refuses those. */
function isLeftover(entry: Dirent): boolean {
  if (!entry.isFile()) return false;
  return entry.name.endsWith('.lock') || ALONE.includes(entry.name) || entry.name.startsWith('tmp_');
}
