import { NO_GRANTS, type Grants } from '../../domain/bounds.ts';
import type { Caps } from '../../domain/caps.ts';
import { trialRelease, type RunInput } from '../../domain/run.ts';
import type { RunBounds } from '../../domain/bounds.ts';
import type { RunRow, TrialRow } from '../../store/port.ts';
import type { Config, RepoConfig } from '../../config/types.ts';
import { isHeldByCap } from '../run/caps.ts';
import { runInputOf } from '../run/run-input.ts';
import { isKilled } from '../pace/kill-switch.ts';
import type { IssueReader } from '../tracker/issue-reader.ts';
import { judgeIssue, readStanding, type ReleaseDeps } from './releases.ts';
import { runIdOf } from './run-id.ts';

export interface OpenRunDeps extends ReleaseDeps {
  readonly bounds: RunBounds;
  readonly caps: Caps;
  readonly executor: Config['executor'];
  readonly heartbeatSeconds: number;
  readonly publicUrl: string;
  readonly now: () => number;
}

/**
 * Gives the lane to the first release in its queue that is still eligible by a fresh read, or to the run that holds it
 * already: an attempt that died after creating the run finds it here (invariants 1 and 2). Null when nothing may run, as
 * while a cap is reached: no run begins whose first model call would only wait.
 */
export async function openRun(deps: OpenRunDeps, repo: RepoConfig, issues: IssueReader): Promise<RunInput | null> {
  const { store } = deps;
  const [holder] = await store.runs.list({ repo: repo.key, open: true, limit: 1 });
  if (holder !== undefined) return runInputOf(holder, deps);

  const trials = await trialsWaiting(deps, repo);
  const waiting = await store.queue.waiting(repo.key);
  if (trials.length + waiting.length === 0 || (await isHeldByCap(deps, repo))) return null;
  const [trial] = trials;
  if (trial !== undefined) return grantTrial(deps, repo, trial);
  for (const { issue: number } of waiting) {
    const issue = await issues.read(number);
    if (issue === null) continue;
    const eligibility = await judgeIssue(await readStanding(deps, repo), issues, issue);
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
      start: { granted: await grantedBefore(deps, repo, number) },
      at: deps.now(),
    });
    if (made.created) return runInputOf(made.run, deps);
    if (made.why === 'lane-held') return runInputOf(await theRun(deps, made.by), deps);
  }
  return null;
}

/** A trial is a person's own call: it needs no label and no place on the allowlist, but spends, so the kill switch holds it. */
export async function trialsWaiting({ store, dataDir }: ReleaseDeps, repo: RepoConfig): Promise<readonly TrialRow[]> {
  return (await isKilled(store.control, dataDir)) ? [] : store.trials.waiting(repo.key);
}

async function grantTrial(deps: OpenRunDeps, repo: RepoConfig, trial: TrialRow): Promise<RunInput> {
  const { store } = deps;
  const release = trialRelease(trial.id);
  const made = await store.runs.create({
    id: runIdOf(repo, trial.issue, release),
    repo: repo.key,
    repoName: repo.name,
    issue: trial.issue,
    title: trial.title,
    release,
    bounds: deps.bounds,
    start: { trial: true, granted: await grantedBefore(deps, repo, trial.issue) },
    at: deps.now(),
  });
  return runInputOf(made.created ? made.run : await theRun(deps, made.by), deps);
}

/** The money of an issue is summed over all its runs, and so is what people granted on top. */
async function grantedBefore({ store }: OpenRunDeps, repo: RepoConfig, issue: number): Promise<Grants> {
  const runs = await store.runs.list({ repo: repo.key, issue });
  const microUsd = runs.reduce((sum, run) => Math.max(sum, run.state.progress.granted.microUsd), 0);
  return { ...NO_GRANTS, microUsd };
}

async function theRun({ store }: OpenRunDeps, id: string): Promise<RunRow> {
  const run = await store.runs.get(id);
  if (run === null) throw new Error(`run ${id} holds its lane but is not in the store: the row was removed by hand`);
  return run;
}
