/** Which issues of a repo may be dispatched now: the tracker is read, the rules are in domain/. */
import { judgeEligibility, type Eligibility, type World } from '../../domain/eligibility.ts';
import { priorityOf, type Issue } from '../../domain/issue.ts';
import type { QueuedRelease, Store } from '../../store/port.ts';
import type { RepoConfig } from '../../config/types.ts';
import { isKilled } from '../pace/kill-switch.ts';
import type { IssueReader } from '../tracker/issue-reader.ts';

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
  { issues, reader }: { readonly issues: readonly Issue[]; readonly reader: Pick<IssueReader, 'blockers'> },
): Promise<QueuedRelease[]> {
  const eligible: QueuedRelease[] = [];
  for (const issue of issues) {
    const judged = await judgeIssue(standing, reader, issue);
    if (!judged.eligible) continue;
    const { number, title, labels } = issue;
    const { release } = judged;
    eligible.push({ repo: repo.key, issue: number, title, priority: priorityOf(labels), release });
  }
  return eligible;
}

export async function judgeIssue(
  standing: Standing,
  reader: Pick<IssueReader, 'blockers'>,
  issue: Issue,
): Promise<Eligibility> {
  return judgeEligibility(issue, { ...standing, blockers: await reader.blockers(issue) });
}
