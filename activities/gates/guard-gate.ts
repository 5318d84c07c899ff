import { guard, type GuardInput } from '../../domain/gates/guard.ts';
import { mayHoldState, stateHeld } from '../../domain/gates/kept-by-people.ts';
import { addedLines } from '../../domain/gates/patch.ts';
import type { ChangedFile, Commit, RepoGit } from '../git/port.ts';
import { TooMuchOutput } from '../git/trusted.ts';
import type { VerifyInput } from './gates.ts';
import { readHarness } from './harness.ts';
import { anyTestRule, protectedRule, touchedPaths } from './paths.ts';
import type { GateResult } from './gate-result.ts';
import { secretsInCommits } from './secrets.ts';

type GuardGit = Pick<RepoGit, 'patch' | 'commits' | 'contains' | 'files' | 'readFile'>;

/** Reads git only: nothing of the change runs here. */
export async function runGuard(git: GuardGit, input: VerifyInput, files: readonly ChangedFile[]): Promise<GateResult> {
  const { base, head, run, issue, contract } = input;
  const commits = await git.commits(base, head);
  if (head === base || commits.length === 0 || files.length === 0) {
    return refusal(
      'Your submission changes nothing: commit your tests and the change that makes them pass, then submit again.',
    );
  }
  if (!(await git.contains(base, head))) {
    return refusal(
      `Your history does not contain the base ${base.slice(0, 10)}: put your commits on top of it without rewriting what was there.`,
    );
  }
  const written = await readAdditions(git, input, commits);
  if (written === null) {
    return refusal(
      'Your change is too big to be read: one of its commits adds more than 64 MB. Rewrite your commits so that they hold sources and small fixtures only.',
    );
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

/** Null where there is more of it than can be held. */
async function readAdditions(
  git: GuardGit,
  { base, head }: VerifyInput,
  commits: readonly Commit[],
): Promise<Pick<GuardInput, 'added' | 'secrets'> | null> {
  try {
    return {
      added: addedLines(await git.patch(base, head)),
      secrets: await secretsInCommits(commits, (parent, sha) => git.patch(parent, sha)),
    };
  } catch (error) {
    if (error instanceof TooMuchOutput) return null;
    throw error;
  }
}

function refusal(finding: string): GateResult {
  return { findings: [finding], summary: finding, body: {}, ids: new Map(), stop: true };
}
