/**
 * Blobs are files named by the sha256 of what they hold (`ab/cdef…`), written aside, synced and renamed: a file under its name is
 * whole, and stays so through the loss of power. The same content is kept once.
 */
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface Blobs {
  /** Answers with the sha256 hex of the content. */
  put(content: Uint8Array): Promise<string>;
  /** Throws when the blob is missing, or is not what its name says. */
  get(digest: string): Promise<Uint8Array>;
}

export function createBlobs(dir: string): Blobs {
  const pathOf = (digest: string): string => join(dir, digest.slice(0, 2), digest.slice(2));
  return {
    async put(content) {
      const digest = sha256(content);
      const path = pathOf(digest);
      const folder = dirname(path);
      if (!(await exists(path))) {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await place(path, content);
      }
      // Also when it was there: whoever renamed it may not have got here yet.
      await syncFolder(folder);
      await syncFolder(dir);
      return digest;
    },

    async get(digest) {
      const content = await readFile(pathOf(digest));
      if (sha256(content) === digest) return content;
      throw new Error(
        `blob ${digest} was changed on disk: its content is not what its name says; restore it from a backup`,
      );
    },
  };
}

async function place(path: string, content: Uint8Array): Promise<void> {
  const aside = join(dirname(path), `.${randomUUID()}.new`);
  try {
    await writeSynced(aside, content);
    await rename(aside, path);
  } finally {
    await rm(aside, { force: true });
  }
}

async function writeSynced(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A rename is safe once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
