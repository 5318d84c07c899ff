/** Why an issue is picked up or not: judged as the poller judges it, each refusal in words and with what to do about it. */
import { judgeIssue, readStanding, type Standing } from '../../activities/dispatch/releases.ts';
import { trackerWords } from '../../config/trackers.ts';
import type { RepoConfig } from '../../config/types.ts';
import { refusalText, type Refusal } from '../../domain/eligibility.ts';
import { LABELS, type Issue } from '../../domain/issue.ts';
import type { ApiDeps } from '../http/deps.ts';
import { readHolds } from '../caps/caps.ts';
import { commandPlace } from '../http/command-place.ts';
import type { IssueBook } from '../http/issue-book.ts';
import type { IssueView, NoticeView, PickUpView } from '../views/view.ts';

export type ViewIssue = (issue: Issue) => Promise<IssueView>;

/** Reads once what all issues of the repo are judged by; the issues may be many. */
export async function issueViewer(deps: ApiDeps, repo: RepoConfig, book: IssueBook): Promise<ViewIssue> {
  const { dataDir, allow } = deps.config;
  const [standing, open, holds] = await Promise.all([
    readStanding({ store: deps.store, dataDir, allow }, repo),
    deps.store.runs.list({ repo: repo.key, open: true }),
    readHolds(deps, repo.key),
  ]);
  const place = commandPlace(dataDir);
  return async (issue) => {
    const run = open.find((one) => one.issue === issue.number)?.id ?? null;
    return {
      ...issue,
      repo: repo.key,
      repoName: repo.name,
      pickUp: await judge({ standing, holds, repo, book, issue, run, place }),
    };
  };
}

interface Judged {
  readonly standing: Standing;
  readonly holds: readonly NoticeView[];
  readonly repo: RepoConfig;
  readonly book: IssueBook;
  readonly issue: Issue;
  readonly run: string | null;
  readonly place: string;
}

async function judge({ standing, holds, repo, book, issue, run, place }: Judged): Promise<PickUpView> {
  const judged = await judgeIssue(standing, book, issue);
  const refusals = judged.eligible ? [] : judged.refusals;
  return {
    asked: issue.state === 'open' && issue.labels.includes(LABELS.ready),
    run,
    refusals: [
      ...refusals.map((one) => ({
        why: one.why,
        text: refusalText(one),
        remedy: remedyOf(one, { repo, number: issue.number, place }),
      })),
      ...holds.map((one) => ({ why: 'cap' as const, ...one })),
    ],
  };
}

interface Where {
  readonly repo: RepoConfig;
  readonly number: number;
  readonly place: string;
}

function remedyOf(refusal: Refusal, { repo: { name: repo, tracker }, number, place }: Where): string {
  const label = `lamplighter issue label ${repo} ${number} ${LABELS.ready} --as <name>${place}`;
  switch (refusal.why) {
    case 'kill-switch':
      return killSwitchRemedy(place);
    case 'not-allowlisted':
      return allowRemedy(repo);
    case 'closed':
      return 'open it again if there is more to do';
    case 'not-labelled':
    case 'release-used':
      return label;
    case 'untrusted':
      return `let somebody apply it whom ${trackerWords(tracker).trusted(repo)}: ${label}`;
    case 'blocked':
      return `it waits until they are closed; a number that is no issue of ${repo} must be taken out`;
  }
}

export function killSwitchRemedy(place: string): string {
  return `lamplighter kill-switch off --note "why"${place}`;
}

export function allowRemedy(repo: string): string {
  return `put ${repo} into the list \`allow\` in lamplighter.yaml and start \`lamplighter up\` again`;
}
