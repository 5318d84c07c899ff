/** Which issues of a repo may be dispatched now: the tracker is read, the rules are in domain/. */
import { judgeEligibility, type Eligibility, type World } from '../../domain/eligibility.ts';
import { blockersOf, LABELS, priorityOf, type Issue } from '../../domain/issue.ts';
import type { QueuedRelease, Store } from '../../store/port.ts';
import type { RepoConfig } from '../../config/types.ts';
import { isKilled } from './kill-switch.ts';
import type { Tracker } from '../tracker/port.ts';

export interface ReleaseDeps {
  readonly store: Store;
  readonly dataDir: string;
  /** Names of repos that may be dispatched. */
  readonly allow: readonly string[];
}

/** What the store and the operator say, apart from what the tracker says: the two fail apart. */
export type Standing = Pick<World, 'killSwitch' | 'allowlisted' | 'usedReleases'>;

export async function readStanding(deps: ReleaseDeps, repo: RepoConfig): Promise<Standing> {
  return {
    killSwitch: await isKilled(deps.store.control, deps.dataDir),
    allowlisted: deps.allow.includes(repo.name),
    usedReleases: await deps.store.runs.usedReleases(repo.key),
  };
}

/** Every release of the repo that may run now. Fails only as the tracker fails. */
export async function eligibleReleases(
  standing: Standing,
  repo: RepoConfig,
  tracker: Tracker,
): Promise<QueuedRelease[]> {
  const issues = await tracker.listLabelled(LABELS.ready);
  const blockers = await readBlockers(tracker, issues);
  return issues.flatMap((issue) => {
    const judged = judgeEligibility(issue, { ...standing, blockers });
    if (!judged.eligible) return [];
    const { number, title, labels } = issue;
    return [{ repo: repo.key, issue: number, title, priority: priorityOf(labels), release: judged.release }];
  });
}

export async function judgeIssue(
  standing: Standing,
  tracker: Pick<Tracker, 'read'>,
  issue: Issue,
): Promise<Eligibility> {
  return judgeEligibility(issue, { ...standing, blockers: await readBlockers(tracker, [issue]) });
}

async function readBlockers(
  tracker: Pick<Tracker, 'read'>,
  issues: readonly Issue[],
): Promise<Map<number, 'open' | 'closed' | 'unknown'>> {
  const states = new Map<number, 'open' | 'closed' | 'unknown'>();
  for (const number of new Set(issues.flatMap(blockersOf))) {
    states.set(number, await stateOf(tracker, number));
  }
  return states;
}

/** A blocker that can't be read goes on blocking what it blocks, and nothing else. */
async function stateOf(tracker: Pick<Tracker, 'read'>, number: number): Promise<'open' | 'closed' | 'unknown'> {
  try {
    return (await tracker.read(number))?.state ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
