/**
 * Whether main still holds what a run stands on. Main may go forward under a run; where it went back, or became another history, a
 * person took something away, and whatever is pushed or built on top would bring it back. So is a commit of ours that a person reverts.
 */
import type { Progress, RunEvent } from '../../domain/stage.ts';
import type { Commit, RepoGit } from '../git/port.ts';

export type TakenAway = Extract<RunEvent, { kind: 'failed' | 'taken-back' }>;

/** Null while main holds it all. What a person reverted before `base`, which this change was made on since, is done with. */
export async function takenAway(
  git: Pick<RepoGit, 'contains' | 'commits'>,
  { base, pushed, onto }: Pick<Progress, 'base' | 'pushed' | 'onto'>,
  main: string,
): Promise<TakenAway | null> {
  const holds = async (sha: string | null): Promise<boolean> =>
    sha === null || sha === main || (await git.contains(sha, main));
  if (pushed !== null && !(await holds(pushed))) {
    // Back to what was there before us, or to something on top of that: our commit alone was taken back.
    if (onto !== null && (await holds(onto))) return { kind: 'taken-back', main, sha: pushed };
    return failed(
      `main was rewritten: ${main} contains neither ${pushed}, which was pushed, nor ${onto}, which it was pushed onto`,
    );
  }
  if (pushed !== null && pushed !== main) {
    const since = base !== null && (await holds(base)) && (await git.contains(pushed, base)) ? base : pushed;
    const ours = await oursIn(git, onto, pushed);
    if (areReverted(ours, await git.commits(since, main))) return { kind: 'taken-back', main, sha: pushed };
  }
  if (base === null || (await holds(base))) return null;
  return failed(`main was rewritten: ${main} does not contain ${base}, which this change was made on`);
}

/** What this run pushed: others' commits may lie between. */
async function oursIn(git: Pick<RepoGit, 'commits'>, onto: string | null, pushed: string): Promise<string[]> {
  const all = onto === null ? [] : await git.commits(onto, pushed);
  const runOf = (message = ''): string | undefined => /^Lamplighter-Run: .*$/m.exec(message)?.[0];
  const run = runOf(all.find(({ sha }) => sha === pushed)?.message);
  return [pushed, ...all.filter(({ message }) => run !== undefined && runOf(message) === run).map(({ sha }) => sha)];
}

/** By git's own words; a revert that was reverted in turn is none. */
function areReverted(ours: readonly string[], since: readonly Pick<Commit, 'sha' | 'message'>[]): boolean {
  const reverts = since.map(({ sha, message }) => ({
    by: sha,
    of: /^This reverts commit ([0-9a-f]{40})\b/m.exec(message)?.[1],
  }));
  const isReverted = (sha: string): boolean =>
    reverts.some(({ by, of }) => of === sha && by !== sha && !isReverted(by));
  return ours.some(isReverted);
}

function failed(what: string): TakenAway {
  const why = 'nothing is pushed or built on top of that, because it could bring back what a person took away';
  return { kind: 'failed', reason: `${what}; ${why}: compare the two, then label the issue again` };
}
