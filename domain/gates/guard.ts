/**
 * What no change of an agent may carry, whatever its tests say. Judged on the commits that are not on main. Pure: git,
 * globs and the secret scanner are asked before.
 */
import { MAX_FILES, SMALLER } from './change-size.ts';
import type { AddedLine } from './patch.ts';
import { nameFault, pathInWords } from './path-name.ts';
import { harnessMark, isHidingAttribute, skipMark } from './skip-marks.ts';
import { testDetection } from './test-detection.ts';

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
  /** Runner configuration, setup files, scripts that a check calls. */
  readonly isHarness: (path: string) => boolean;
  /** Parts of manifests, such as `scripts.test`, that the change altered and that decide how tests are run. */
  readonly harnessChanges: readonly { readonly path: string; readonly what: string }[];
  /** Files that declare a volume or a secret store, before the change or after it, and which. */
  readonly stateHeld: readonly { readonly path: string; readonly what: string }[];
  /** Whether the base has files under this folder. */
  readonly hasFolder: (folder: string) => boolean;
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
  // Secret stores.
  '**/.sops.y{a,}ml',
  '**/*.sops.*',
  '**/.git-crypt/**',
  '**/*.kdbx',
];

const SKIP_CI =
  /\[(?:skip[ -]ci|ci[ -]skip|no[ -]ci|skip[ -]actions|actions[ -]skip|skip[ -]\w+[ -]ci)\]|\*\*\*NO_CI\*\*\*|^skip-checks:\s*true/im;

/** As forges read it: a word that closes, then an issue of any repo by number, by name or by address. */
const CLOSES =
  /\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)\b:?\s+(?:issues?\s+)?(?:(?:[\w.-]+\/)*[\w.-]*#\d+|GH-\d+|https?:\/\/\S+\/issues\/\d+)/i;

/** Findings as sentences for the agent; empty when there is nothing to say. */
export function guard(input: GuardInput): string[] {
  return [
    ...pathFindings(input),
    ...harnessFindings(input),
    ...bulkFindings(input),
    ...markFindings(input),
    ...messageFindings(input),
    ...secretFindings(input),
  ];
}

/** Names that reports can't give and rules may not see through. What the base has may go, and must not be touched otherwise. */
export function nameFindings(files: readonly GuardedFile[]): string[] {
  return files
    .filter((file) => file.status !== 'deleted')
    .flatMap(({ path }) => {
      const fault = nameFault(path);
      return fault === null
        ? []
        : [
            `${pathInWords(path)} can't be judged, because its name ${fault}: give the file another name; if it stands on the base and the issue cannot be done without it, give up and say so.`,
          ];
    });
}

function pathFindings({ files, isProtected, stateHeld }: GuardInput): string[] {
  const found = stateHeld.map(
    ({ path, what }) =>
      `${path} declares a ${what}, which only people change, because data may be lost with it: restore the file as it is on the base; if the issue cannot be done without it, give up and say so.`,
  );
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

function harnessFindings({ files, isHarness, harnessChanges }: GuardInput): string[] {
  const touched = new Set(
    files.flatMap((file) => [file.path, ...(file.from === null ? [] : [file.from])]).filter(isHarness),
  );
  const advice =
    'restore it as it is on the base; if the issue cannot be done without it, give up and say so, because a person must change it.';
  return [
    ...[...touched].map(
      (path) => `${path} belongs to the test harness, which decides how tests are found, run and reported: ${advice}`,
    ),
    ...harnessChanges.map(
      ({ path, what }) => `${path} changes ${what}, which decides how tests are found, run and reported: ${advice}`,
    ),
  ];
}

const MADE_FOLDER =
  /^(?:.*\/)?(?:node_modules|bower_components|\.venv|venv|__pycache__|\.pytest_cache|\.mypy_cache|\.tox|\.nyc_output|\.next|\.turbo|target\/(?:debug|release))\//;
/** What a test reads as data: no runner looks for its packages there. */
const FIXTURES = /(?:^|\/)(?:__fixtures__|fixtures?|testdata)\//;
const LOCKFILE =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock|go\.sum|[^/]+\.lock)$/;
const MAX_LINES = 20_000;

/** What a tool made again is not a change that anybody reviews, and hides one. Folders that main holds already are the repo's own way. */
function bulkFindings({ files, added, hasFolder, isTest }: GuardInput): string[] {
  const folders = new Map<string, number>();
  for (const file of files) {
    const folder = file.status === 'deleted' ? undefined : MADE_FOLDER.exec(file.path)?.[0];
    const isFixture = folder !== undefined && FIXTURES.test(folder) && isTest(file.path);
    if (folder !== undefined && !isFixture && !hasFolder(folder)) folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  // Lines mean nothing in what is no text, such as a picture.
  const binary = new Set(added.filter(({ text }) => text.includes('\0')).map(({ path }) => path));
  const lines = added.filter(({ path }) => !LOCKFILE.test(path) && !binary.has(path)).length;
  const found = [...folders].map(
    ([folder, count]) =>
      `${folder} is made by a tool and ${count} of its files are in your commits: take them out of the commits, and let .gitignore name the folder.`,
  );
  if (files.length > MAX_FILES)
    found.push(`Your change touches ${files.length} files, more than the ${MAX_FILES} that a change may: ${SMALLER}`);
  if (lines > MAX_LINES)
    found.push(`Your change adds ${lines} lines, more than the ${MAX_LINES} that a change may: ${SMALLER}`);
  return found;
}

function markFindings({ added, isTest }: GuardInput): string[] {
  return added.flatMap(({ path, line, text }) => {
    if (isHidingAttribute(path, text))
      return [
        `${path}:${line} adds \`${text.trim()}\`, which makes git show, check out or merge files other than they are: take that attribute out.`,
      ];
    const tampering = harnessMark(path, text);
    if (tampering !== null)
      return [
        `${path}:${line} adds \`${tampering}\`, which reaches into the runner, its assertions or its report: remove it, and let the runner judge and report.`,
      ];
    const asks = testDetection(path, text, isTest(path));
    if (asks !== null)
      return [
        `${path}:${line} asks \`${asks}\`, which tells that a test runner is watching: code must do the same with and without its tests, so take that out.`,
      ];
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
