/**
 * Whether main still holds what a run stands on. Main may go forward under a run; where it went back, or became another history, a
 * person took something away, and whatever is pushed or built on top would bring it back.
 */
import type { Progress, RunEvent } from '../../domain/stage.ts';
import type { RepoGit } from '../git/port.ts';

export type TakenAway = Extract<RunEvent, { kind: 'failed' | 'taken-back' }>;

/** Null while main holds it all. */
export async function takenAway(
  git: Pick<RepoGit, 'contains'>,
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
  if (base === null || (await holds(base))) return null;
  return failed(`main was rewritten: ${main} does not contain ${base}, which this change was made on`);
}

function failed(what: string): TakenAway {
  const why = 'nothing is pushed or built on top of that, because it could bring back what a person took away';
  return { kind: 'failed', reason: `${what}; ${why}: compare the two, then label the issue again` };
}
