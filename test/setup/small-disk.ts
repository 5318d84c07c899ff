/** A disk that really is full: a small file system in memory, which needs root and a machine that lets root mount. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  unmount(): void;
}

type Mount = (folder: string, size: string) => SmallDisk;

/** Null where it can't be had: tests that want it are skipped by name. */
export const tmpfsWhereRootMay: Mount | null = canMount() ? mount : null;

function mount(folder: string, size: string): SmallDisk {
  mkdirSync(folder, { recursive: true });
  if (!mounts(folder, size)) throw new Error(`no file system of ${size} could be mounted at ${folder}`);
  // Lazily: a process that is just ending may still look at it.
  return { folder, unmount: () => void spawnSync('umount', ['--lazy', folder]) };
}

function mounts(folder: string, size: string): boolean {
  const options = `size=${size},mode=0700`;
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'lamplighter-test', folder]).status === 0;
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'mount-'));
  const can = mounts(folder, '1m');
  if (can) spawnSync('umount', ['--lazy', folder]);
  rmdirSync(folder);
  return can;
}

/** Takes all that is left, to the last byte; answers with what gives it back. */
export function fill(folder: string): () => void {
  const path = join(folder, 'ballast');
  const file = openSync(path, 'a');
  try {
    for (const size of [1_048_576, 65_536, 4_096, 1]) {
      const chunk = Buffer.alloc(size);
      try {
        for (;;) writeSync(file, chunk);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    }
  } finally {
    closeSync(file);
  }
  return () => rmSync(path);
}
