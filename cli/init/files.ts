/** Drafts become files where there is none, or an older draft that nobody touched: what a person wrote is compared or added to, never overwritten. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Extended } from './add-repo.ts';
import { exec } from '../../activities/exec/exec.ts';

export interface Draft {
  readonly path: string;
  readonly text: string;
}

export interface DraftedFile extends Draft {
  /**
   * `renewed`: there is an older draft of the same repo, as `init` wrote it; `added`: there is one for other repos, and `text` is that with this one;
   * `kept`: there is one that says something else.
   */
  readonly state: 'new' | 'same' | 'renewed' | 'added' | 'kept';
  /** From the file that is there to `text`, as a unified difference; empty where there is none. */
  readonly difference: string;
  /** Digest of the file that is there; null where there is none. */
  readonly there: string | null;
}

export interface Placed {
  /** What a draft of this repo holds and one of another does not; empty where the file's place says it. */
  readonly ofRepo?: string;
  /** The text that is there with what it lacks for this repo; null where it cannot be read. */
  readonly extend?: (there: string) => Extended | null;
}

export async function compareDraft(draft: Draft, { ofRepo = '', extend }: Placed = {}): Promise<DraftedFile> {
  const { path } = draft;
  const text = signed(draft.text);
  if (!existsSync(path)) return { path, text, state: 'new', difference: '', there: null };
  const before = readFileSync(path, 'utf8');
  const there = digestOf(before);
  if (before === text) return { path, text, state: 'same', difference: '', there };
  if (isUntouched(before) && before.includes(ofRepo)) {
    return { path, text, state: 'renewed', difference: await difference(path, text), there };
  }
  const extended = extend?.(before) ?? null;
  if (extended === null) return { path, text, state: 'kept', difference: await difference(path, text), there };
  if (extended.text === before) return { path, text: before, state: 'same', difference: '', there };
  const state = extended.isThere ? 'kept' : 'added';
  return { path, text: extended.text, state, difference: await difference(path, extended.text), there };
}

/** Throws where a file came into being, or was touched, meanwhile. */
export function writeDraft({ path, text, there }: DraftedFile): void {
  mkdirSync(dirname(path), { recursive: true });
  if (there !== null && digestOf(readFileSync(path, 'utf8')) !== there) throw new Error(`${path} was edited meanwhile`);
  writeFileSync(path, text, { flag: there === null ? 'wx' : 'w' });
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
