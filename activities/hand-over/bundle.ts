/**
 * Committed work leaves the sandbox as a bundle in the outbox. The folder is the agent's to write, so what lies there is
 * taken only if it is a plain file of a sane size, opened without following links.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worktree } from '../git/port.ts';
import { tailOf } from '../../domain/text.ts';
import type { CommandResult } from '../sandbox/port.ts';

const MAX_BUNDLE_BYTES = 256 * 1024 * 1024;
const WALL_MS = 60_000;
const SHA = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** Runs a command in the work folder, in its sandbox. */
export interface HandOverShell {
  run(command: {
    readonly argv: readonly string[];
    readonly wallMs: number;
    readonly keepBytes: number;
  }): Promise<CommandResult>;
}

/** Where git in the sandbox says that HEAD is; null when it says nothing of the kind. A hint: the agent can write what git reads. */
export async function readHead(shell: HandOverShell): Promise<string | null> {
  const result = await shell.run({ argv: ['git', 'rev-parse', '--verify', 'HEAD'], wallMs: WALL_MS, keepBytes: 4096 });
  const head = result.stdout.trim();
  return result.end === 'exited' && result.code === 0 && SHA.test(head) ? head : null;
}

export type Bundled =
  | { readonly ok: true; readonly path: string; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly why: string };

/**
 * Bundles what HEAD has beyond the base, for as long as `use` takes. The file is of this attempt alone: one that was killed leaves git's
 * lock beside its own, and one that was given up as dead may still be reading it.
 */
export async function withBundle<T>(
  shell: HandOverShell,
  { outbox }: Worktree,
  base: string,
  use: (bundled: Bundled) => Promise<T>,
): Promise<T> {
  const path = join(outbox, `${randomUUID()}.bundle`);
  try {
    return await use(await bundleHead(shell, path, base));
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

async function bundleHead(shell: HandOverShell, path: string, base: string): Promise<Bundled> {
  const argv = ['git', 'bundle', 'create', '-q', path, 'HEAD', `^${base}`];
  const result = await shell.run({ argv, wallMs: 5 * WALL_MS, keepBytes: 16_384 });
  if (result.end !== 'exited' || result.code !== 0)
    return { ok: false, why: `git bundle ${result.end} ${result.code ?? ''}: ${tailOf(result.stderr.trim(), 1000)}` };
  const bytes = await readPlainFile(path);
  return typeof bytes === 'string' ? { ok: false, why: bytes } : { ok: true, path, bytes };
}

/** Its bytes, or in words why they are not taken. */
async function readPlainFile(path: string): Promise<Uint8Array | string> {
  let file;
  try {
    // A fifo would hold us for ever without O_NONBLOCK.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO')
      return `the hand-over is not a plain file: ${String(code)}`;
    throw error;
  }
  try {
    const { size } = await file.stat();
    const isFile = (await file.stat()).isFile();
    if (!isFile) return 'the hand-over is not a plain file';
    if (size > MAX_BUNDLE_BYTES)
      return `the change is too big to hand over: ${size} bytes, at most ${MAX_BUNDLE_BYTES}`;
    return await file.readFile();
  } finally {
    await file.close();
  }
}
