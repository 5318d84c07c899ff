/** The added lines of unified diffs as git prints them. */
import { pathOfBytes } from './path-name.ts';

export interface AddedLine {
  readonly path: string;
  /** Line number on the new side, from 1. */
  readonly line: number;
  readonly text: string;
}

const HUNK = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

export function addedLines(patch: string): AddedLine[] {
  const added: AddedLine[] = [];
  eachAdded(
    patch,
    (line) => added.push(line),
    () => undefined,
  );
  return added;
}

/** Of what `git diff-tree --stdin` prints: a line with the commit's sha, then its patch, and so on. */
export function addedByCommit(patches: string): ReadonlyMap<string, readonly AddedLine[]> {
  const commits = new Map<string, AddedLine[]>();
  let added: AddedLine[] = [];
  eachAdded(
    patches,
    (line) => added.push(line),
    (sha) => {
      added = commits.get(sha) ?? [];
      commits.set(sha, added);
    },
  );
  return commits;
}

function eachAdded(patch: string, onLine: (line: AddedLine) => void, onCommit: (sha: string) => void): void {
  let path: string | null = null;
  let line = 0;
  // Inside a hunk its own counts say what is content: an added line may itself look like a header.
  let olds = 0;
  let news = 0;
  for (const text of patch.split('\n')) {
    if (olds > 0 || news > 0) {
      if (text.startsWith('\\')) continue;
      if (!text.startsWith('+')) olds -= 1;
      if (text.startsWith('-')) continue;
      news -= 1;
      if (text.startsWith('+') && path !== null) onLine({ path, line, text: text.slice(1) });
      line += 1;
      continue;
    }
    const hunk = HUNK.exec(text);
    if (hunk !== null) {
      olds = Number(hunk[1] ?? 1);
      line = Number(hunk[2]);
      news = Number(hunk[3] ?? 1);
    } else if (text.startsWith('+++ ')) {
      path = newPath(text.slice(4));
    } else if (COMMIT.test(text)) {
      onCommit(text);
    }
  }
}

function newPath(field: string): string | null {
  const name = field.startsWith('"') ? unquote(field) : field.replace(/\t$/, '');
  return name === '/dev/null' ? null : name.replace(/^b\//, '');
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };
const encoder = new TextEncoder();

/** Git quotes unusual paths as C strings, bytes above 127 in octal. */
function unquote(field: string): string {
  const bytes: number[] = [];
  const inner = field.slice(1, field.lastIndexOf('"'));
  for (const [piece, octal, escaped] of inner.matchAll(/\\([0-7]{3})|\\(.)|[^\\]/gsu)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else bytes.push(...encoder.encode(escaped === undefined ? piece : (ESCAPES[escaped] ?? escaped)));
  }
  return pathOfBytes(Uint8Array.from(bytes));
}

/** What a merge itself adds to a file: the lines of it that no parent's has. */
export function ownLines(path: string, merged: string, parents: readonly string[]): AddedLine[] {
  const theirs = new Set(parents.flatMap((text) => text.split('\n')));
  return merged.split('\n').flatMap((text, at) => (theirs.has(text) ? [] : [{ path, line: at + 1, text }]));
}
