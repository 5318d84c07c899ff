/** Drafts become files where there is none, or an older draft that nobody touched: what a person wrote is compared, never overwritten. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exec } from '../../activities/exec/exec.ts';

export interface Draft {
  readonly path: string;
  readonly text: string;
}

export interface DraftedFile extends Draft {
  /** `renewed`: there is an older draft of the same repo, as `init` wrote it; `kept`: there is one that says something else. */
  readonly state: 'new' | 'same' | 'renewed' | 'kept';
  /** From the file that is there to the draft, as a unified difference; empty unless kept. */
  readonly difference: string;
}

/** `ofRepo` is what a draft of this repo holds and one of another does not; empty where the file's place says it. */
export async function compareDraft(draft: Draft, ofRepo = ''): Promise<DraftedFile> {
  const { path } = draft;
  const text = signed(draft.text);
  if (!existsSync(path)) return { path, text, state: 'new', difference: '' };
  const there = readFileSync(path, 'utf8');
  if (there === text) return { path, text, state: 'same', difference: '' };
  const state = isUntouched(there) && there.includes(ofRepo) ? 'renewed' : 'kept';
  return { path, text, state, difference: await difference(path, text) };
}

/** Throws where a file came into being, or was touched, meanwhile. */
export function writeDraft({ path, text, state }: DraftedFile): void {
  mkdirSync(dirname(path), { recursive: true });
  if (state === 'renewed' && !isUntouched(readFileSync(path, 'utf8'))) throw new Error(`${path} was edited meanwhile`);
  writeFileSync(path, text, { flag: state === 'renewed' ? 'w' : 'wx' });
}

const BY_US = 'Drafted by `lamplighter init`';
const SIGNATURE = /(?<=Drafted by `lamplighter init`) \([0-9a-f]{12}\)/;

/** With a digest of itself behind its first words, by which a draft that nobody touched is known. */
function signed(text: string): string {
  return text.replace(BY_US, `${BY_US} (${digestOf(text)})`);
}

function isUntouched(text: string): boolean {
  return SIGNATURE.exec(text)?.[0] === ` (${digestOf(text.replace(SIGNATURE, ''))})`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
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
