/** Drafts become files only where there is none: what a person wrote is compared, never overwritten. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exec } from '../../activities/exec/exec.ts';

export interface Draft {
  readonly path: string;
  readonly text: string;
}

export interface DraftedFile extends Draft {
  /** `kept`: there is one that says something else. */
  readonly state: 'new' | 'same' | 'kept';
  /** From the file that is there to the draft, as a unified difference; empty unless kept. */
  readonly difference: string;
}

export async function compareDraft({ path, text }: Draft): Promise<DraftedFile> {
  if (!existsSync(path)) return { path, text, state: 'new', difference: '' };
  if (readFileSync(path, 'utf8') === text) return { path, text, state: 'same', difference: '' };
  return { path, text, state: 'kept', difference: await difference(path, text) };
}

/** Throws where a file came into being meanwhile. */
export function writeDraft({ path, text }: Draft): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { flag: 'wx' });
}

async function difference(path: string, text: string): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'lamplighter-init-draft-'));
  try {
    const draft = join(dir, 'draft');
    writeFileSync(draft, text);
    const result = await exec(
      ['diff', '--unified=2', '--label', `${path} (yours)`, '--label', `${path} (drafted)`, '--', path, draft],
      { cwd: dir, env: { PATH: '/usr/bin:/bin' }, wallMs: 30_000, keepBytes: 1024 * 1024 },
    );
    // 1 says that they differ.
    if (result.end !== 'exited' || result.code !== 1)
      throw new Error(`${path} could not be compared: ${result.stderr}`);
    return result.stdout;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
