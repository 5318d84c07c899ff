/**
 * The log of one part, which outlives its processes: bounded in size, and no reason for anything to end. What the disk does not take
 * is left out, counted, and said where the log goes on.
 */
import { open, rename, type FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { callbackify } from 'node:util';

export interface LogFileOptions {
  readonly path: string;
  /** Bytes of one file; `keep` older ones lie beside it as `<path>.1` and so on. */
  readonly maxBytes?: number;
  readonly keep?: number;
  /** Told when it can no longer be written, with why, and, with null, when it can again. */
  readonly onTrouble: (reason: string | null) => void;
}

const MAX_BYTES = 10 * 1024 ** 2;
const KEEP = 3;

export function openLogFile({ path, maxBytes = MAX_BYTES, keep = KEEP, onTrouble }: LogFileOptions): Writable {
  const files = createFiles(path, maxBytes, keep);
  let lost = 0;

  async function append(chunk: Buffer): Promise<void> {
    try {
      if (lost > 0)
        await files.append(
          Buffer.from(`\n[lamplighter: ${lost} bytes are missing here, the log could not be written]\n`),
        );
      await files.append(chunk);
    } catch (error) {
      if (lost === 0) onTrouble(error instanceof Error ? error.message : String(error));
      lost += chunk.length;
      await files.close();
      return;
    }
    if (lost > 0) onTrouble(null);
    lost = 0;
  }

  const write = callbackify(append);
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => write(chunk, (error) => done(error)),
    final: callbackify(() => files.close()),
  });
}

interface Files {
  append(bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

function createFiles(path: string, maxBytes: number, keep: number): Files {
  let file: FileHandle | null = null;
  let size = 0;

  async function close(): Promise<void> {
    const closing = file;
    file = null;
    await closing?.close();
  }

  async function openFile(): Promise<FileHandle> {
    const opened = await open(path, 'a', 0o600);
    size = (await opened.stat()).size;
    return opened;
  }

  async function makeRoom(): Promise<void> {
    await close();
    for (let number = keep; number > 0; number -= 1)
      await renameIfThere(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`);
  }

  return {
    close,
    async append(bytes) {
      file ??= await openFile();
      if (size > 0 && size + bytes.length > maxBytes) {
        await makeRoom();
        file = await openFile();
      }
      // Counts what a full disk took of it too.
      size += bytes.length;
      await file.appendFile(bytes);
    },
  };
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
