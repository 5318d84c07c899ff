/** What a proven change is, line by line: for the person who approves it, and for one who only tried it. */
import type { Store } from '../../store/port.ts';
import type { RepoGit } from '../git/port.ts';
import { TooMuchOutput } from '../git/trusted.ts';
import { runSubject } from '../../domain/unit.ts';

export interface DiffDeps {
  readonly git: Pick<RepoGit, 'patch'>;
  readonly store: Pick<Store, 'evidence'>;
  readonly now: () => number;
}

interface Judged {
  readonly run: string;
  readonly base: string;
  readonly head: string;
}

/** What is scanned for secrets before it is stored (activities/evidence/redacting-store.ts), and what a person still reads. */
const MOST_CHARS = 200_000;

/** Idempotent by run, base and head. */
export async function keepDiff({ git, store, now }: DiffDeps, { run, base, head }: Judged): Promise<void> {
  const patch = await readable(git, base, head);
  await store.evidence.put({
    key: `diff/${run}/${base}/${head}`,
    unit: runSubject(run),
    kind: 'diff',
    sha: head,
    verdict: null,
    summary: `${patch === null ? 'a diff that is too big to be shown' : statOf(patch)} on top of ${base.slice(0, 10)}`,
    mediaType: 'text/x-diff',
    body: patch === null ? TOO_BIG : boundedDiff(patch, MOST_CHARS),
    at: now(),
  });
}

const TOO_BIG = `[… this diff is too big to be shown: read it in git …]\n`;

/** Null where it is too big to be read: what a change takes away has no bound. */
async function readable(git: DiffDeps['git'], base: string, head: string): Promise<string | null> {
  try {
    return await git.patch(base, head);
  } catch (error) {
    if (error instanceof TooMuchOutput) return null;
    throw error;
  }
}

/** Cut at a line's end: half a secret would be known by nobody. */
export function boundedDiff(patch: string, most: number): string {
  const clean = patch.replace(/[^\P{Cc}\t\n]/gu, '\ufffd');
  if (clean.length <= most) return clean;
  const shown = clean.slice(0, clean.lastIndexOf('\n', most) + 1);
  return `${shown}[… ${clean.length - shown.length} more characters of this diff are left out: read them in git …]\n`;
}

/** `2 files, +10 −3`. */
export function statOf(patch: string): string {
  let files = 0;
  let added = 0;
  let removed = 0;
  let inHunk = false;
  for (const line of patch.split('\n')) {
    if (line.startsWith('diff --git ')) {
      files += 1;
      inHunk = false;
    } else if (line.startsWith('@@')) inHunk = true;
    else if (inHunk && line.startsWith('+')) added += 1;
    else if (inHunk && line.startsWith('-')) removed += 1;
  }
  return `${files} ${files === 1 ? 'file' : 'files'}, +${added} −${removed}`;
}
