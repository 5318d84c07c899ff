import type { RunBounds, RunInput } from '../../domain/run.ts';
import type { RunRow } from '../../store/port.ts';
import type { RepoConfig } from '../../config/types.ts';
import { runInputOf } from '../run/run-input.ts';
import type { Tracker } from './port.ts';
import { judgeIssue, readStanding, type ReleaseDeps } from './releases.ts';
import { runIdOf } from './run-id.ts';

export interface GrantDeps extends ReleaseDeps {
  readonly bounds: RunBounds;
  readonly heartbeatSeconds: number;
  readonly publicUrl: string;
  readonly now: () => number;
}

/**
 * Gives the lane to the first release in its queue that is still eligible by a fresh read, or to the run that holds it
 * already: an attempt that died after creating the run finds it here (invariants 1 and 2). Null when nothing may run.
 */
export async function grant(deps: GrantDeps, repo: RepoConfig, tracker: Tracker): Promise<RunInput | null> {
  const { store } = deps;
  const [holder] = await store.runs.list({ repo: repo.key, open: true, limit: 1 });
  if (holder !== undefined) return runInputOf(holder, deps);

  for (const { issue: number } of await store.queue.waiting(repo.key)) {
    const issue = await tracker.read(number);
    if (issue === null) continue;
    const eligibility = await judgeIssue(await readStanding(deps, repo), tracker, issue);
    if (!eligibility.eligible) continue;
    const release = eligibility.release.id;
    const made = await store.runs.create({
      id: runIdOf(repo, number, release),
      repo: repo.key,
      repoName: repo.name,
      issue: number,
      title: issue.title,
      release,
      bounds: deps.bounds,
      at: deps.now(),
    });
    if (made.created) return runInputOf(made.run, deps);
    if (made.why === 'lane-held') return runInputOf(await theRun(deps, made.by), deps);
  }
  return null;
}

async function theRun({ store }: GrantDeps, id: string): Promise<RunRow> {
  const run = await store.runs.get(id);
  if (run === null) throw new Error(`run ${id} holds its lane but is not in the store: the row was removed by hand`);
  return run;
}
