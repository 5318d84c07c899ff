/**
 * What no change of an agent may carry, whatever its tests say. Judged on the commits that are not on main. Pure: git,
 * globs and the secret scanner are asked before.
 */
import type { AddedLine } from './patch.ts';
import { skipMark } from './skip-marks.ts';

export interface GuardInput {
  readonly run: string;
  readonly issue: number;
  readonly files: readonly GuardedFile[];
  /** Added between base and head. */
  readonly added: readonly AddedLine[];
  readonly commits: readonly { readonly sha: string; readonly message: string }[];
  readonly secrets: readonly FoundSecret[];
  readonly isTest: (path: string) => boolean;
  readonly isProtected: (path: string) => boolean;
}

export interface GuardedFile {
  readonly path: string;
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed' | 'type-changed';
  readonly from: string | null;
  readonly mode: string;
}

/** Never the secret itself. */
export interface FoundSecret {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  /** The commit that adds it; a later one may have taken it out again. */
  readonly sha: string;
}

/** Paths that are protected in every repo, as globs from its root. */
export const ALWAYS_PROTECTED: readonly string[] = [
  '.lamplighter.yml',
  '.lamplighter.yaml',
  '.gitmodules',
  '.github/workflows/**',
  '.github/actions/**',
  '.woodpecker*',
  '.woodpecker*/**',
  '.gitlab-ci.yml',
  '.gitlab/ci/**',
  '.gitea/**',
  '.forgejo/**',
  '.circleci/**',
  '.buildkite/**',
  '.drone.yml',
  '.travis.yml',
  'azure-pipelines.yml',
  '**/Jenkinsfile',
  '**/*.tfstate',
  '**/*.tfstate.*',
];

const SKIP_CI =
  /\[(?:skip[ -]ci|ci[ -]skip|no[ -]ci|skip[ -]actions|actions[ -]skip|skip[ -]\w+[ -]ci)\]|\*\*\*NO_CI\*\*\*|^skip-checks:\s*true/im;

/** As forges read it: a word that closes, then an issue of any repo by number, by name or by address. */
const CLOSES =
  /\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)\b:?\s+(?:issues?\s+)?(?:(?:[\w.-]+\/)*[\w.-]*#\d+|GH-\d+|https?:\/\/\S+\/issues\/\d+)/i;

/** Findings as sentences for the agent; empty when there is nothing to say. */
export function guard(input: GuardInput): string[] {
  return [...pathFindings(input), ...markFindings(input), ...messageFindings(input), ...secretFindings(input)];
}

function pathFindings({ files, isProtected }: GuardInput): string[] {
  const found: string[] = [];
  for (const file of files) {
    const touched = [file.path, ...(file.from === null ? [] : [file.from])].find(isProtected);
    if (touched !== undefined) {
      found.push(
        `${touched} is protected and your change touches it: restore it as it is on the base; if the issue cannot be done without it, give up and say so.`,
      );
    }
    if (file.status === 'deleted') continue;
    if (file.mode === '120000') found.push(`${file.path} is a symbolic link: commit a regular file in its place.`);
    if (file.mode === '160000')
      found.push(`${file.path} is a submodule: commit the files themselves, or use a declared dependency.`);
  }
  return found;
}

function markFindings({ added, isTest }: GuardInput): string[] {
  return added.flatMap(({ path, line, text }) => {
    const mark = skipMark(path, text, isTest(path));
    return mark === null
      ? []
      : [
          `${path}:${line} adds \`${mark}\`, which keeps tests from being judged: remove it and make the tests pass as they stand.`,
        ];
  });
}

function messageFindings({ commits, run, issue }: GuardInput): string[] {
  const trailer = new RegExp(`^Lamplighter-Run: ${escapeRegExp(run)}[ \\t]*$`, 'm');
  const refers = new RegExp(`\\bRefs:? #${issue}\\b`, 'i');
  const found: string[] = [];
  for (const { sha, message } of commits) {
    const commit = `Commit ${sha.slice(0, 10)}`;
    if (!trailer.test(message))
      found.push(
        `${commit} has no trailer \`Lamplighter-Run: ${run}\`: amend its message so that the last paragraph carries it.`,
      );
    if (!refers.test(message)) found.push(`${commit} does not say \`Refs #${issue}\`: amend its message.`);
    const closes = CLOSES.exec(message)?.[0];
    if (closes !== undefined)
      found.push(
        `${commit} says \`${closes}\`, with which it would close an issue before the deploy is healthy: write \`Refs #${issue}\` in its place.`,
      );
    if (SKIP_CI.test(message)) found.push(`${commit} asks CI to skip it: take that mark out of the message.`);
  }
  return found;
}

function secretFindings({ secrets }: GuardInput): string[] {
  return secrets.map(
    ({ rule, path, line, sha }) =>
      `${path}:${line} in commit ${sha.slice(0, 10)} looks like a secret (${rule}): rewrite that commit without it, because removing it in a later commit leaves it in the history.`,
  );
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
