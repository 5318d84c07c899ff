import { MAX_FILES, SMALLER, tooLarge } from '../../domain/gates/change-size.ts';
import { guard, nameFindings, type GuardInput } from '../../domain/gates/guard.ts';
import { mayHoldState, stateHeld } from '../../domain/gates/kept-by-people.ts';
import type { ChangedFile, RepoGit } from '../git/port.ts';
import { TooMuchOutput } from '../git/trusted.ts';
import type { VerifyInput } from './verification.ts';
import { readHarness } from './harness.ts';
import { anyTestRule, protectedRule, touchedPaths } from './paths.ts';
import type { GateResult } from './gate-result.ts';
import { secretsInCommits } from './secrets.ts';

export type GuardGit = Pick<
  RepoGit,
  'measure' | 'changedFiles' | 'additions' | 'commitAdditions' | 'commits' | 'contains' | 'files' | 'readFile'
>;

export interface Guarded extends GateResult {
  readonly files: readonly ChangedFile[];
}

/** Reads git only: nothing of the change runs here. What is too much is refused before it is read. */
export async function runGuard(git: GuardGit, input: VerifyInput): Promise<Guarded> {
  const { base, head, run, issue, contract } = input;
  if (!(await git.contains(base, head))) {
    return refusal([
      `Your history does not contain the base ${base.slice(0, 10)}: put your commits on top of it without rewriting what was there.`,
    ]);
  }
  const large = await largeness(git, input);
  if (large !== null) return refusal([large]);
  const commits = await git.commits(base, head);
  const files = await git.changedFiles(base, head);
  if (head === base || commits.length === 0 || files.length === 0) {
    return refusal([
      'Your submission changes nothing: commit your tests and the change that makes them pass, then submit again.',
    ]);
  }
  // Before all that reads or matches names: no rule need know what such a one may do.
  const names = nameFindings(files);
  if (names.length > 0) return refusal(names);
  const written = await readAdditions(git, input);
  if (written === null) {
    return refusal([
      'Your change is too big to be read: your commits add more than 64 MB. Rewrite them so that they hold sources and small fixtures only.',
    ]);
  }
  const harness = await readHarness(git, { base, head, contract, files });
  const known = await git.files(base);
  const findings = guard({
    run,
    issue,
    files,
    commits,
    ...written,
    isTest: anyTestRule(contract),
    isProtected: protectedRule(contract),
    isHarness: harness.isHarness,
    harnessChanges: harness.changes,
    stateHeld: await stateIn(git, input, files),
    hasFolder: (folder) => known.some((path) => path.startsWith(folder)),
  });
  const what = `${commits.length} commits and ${files.length} files`;
  return {
    findings,
    summary:
      findings.length === 0 ? `guard found nothing against ${what}` : `guard refuses ${what}: ${findings[0] ?? ''}`,
    body: { commits: commits.map(({ sha, subject }) => ({ sha, subject })), files },
    ids: new Map(),
    stop: findings.length > 0,
    files,
  };
}

/** Fixtures of tests may say what they like: nothing is deployed from there. */
async function stateIn(
  git: GuardGit,
  { base, head, contract }: VerifyInput,
  files: readonly ChangedFile[],
): Promise<GuardInput['stateHeld']> {
  const isTest = anyTestRule(contract);
  const found: GuardInput['stateHeld'][number][] = [];
  for (const path of new Set(files.flatMap(touchedPaths))) {
    if (!mayHoldState(path) || isTest(path)) continue;
    const what = stateHeld((await git.readFile(base, path)) ?? '') ?? stateHeld((await git.readFile(head, path)) ?? '');
    if (what !== null) found.push({ path, what });
  }
  return found;
}

/** In words what is too much; null where nothing is. */
async function largeness(git: GuardGit, { base, head }: VerifyInput): Promise<string | null> {
  try {
    return tooLarge(await git.measure(base, head));
  } catch (error) {
    if (error instanceof TooMuchOutput)
      return `Your change touches more files than can be counted, and far more than the ${MAX_FILES} that a change may: ${SMALLER}`;
    throw error;
  }
}

/** Null where there is more of it than can be held. */
async function readAdditions(
  git: GuardGit,
  { base, head }: VerifyInput,
): Promise<Pick<GuardInput, 'added' | 'secrets'> | null> {
  try {
    return {
      added: await git.additions(base, head),
      secrets: await secretsInCommits(await git.commitAdditions(base, head)),
    };
  } catch (error) {
    if (error instanceof TooMuchOutput) return null;
    throw error;
  }
}

function refusal(findings: readonly string[]): Guarded {
  return { findings, summary: findings[0] ?? '', body: {}, ids: new Map(), stop: true, files: [] };
}
