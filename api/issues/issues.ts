import type { Request } from 'express';
import { z } from 'zod';
import type { Issue } from '../../domain/issue.ts';
import type { RepoConfig } from '../../config/types.ts';
import type { ApiDeps } from '../http/deps.ts';
import { ApiError } from '../http/errors.ts';
import { principalOf } from '../http/mount.ts';
import type { IssueBook } from '../http/issue-book.ts';
import { lookNow } from '../http/look-now.ts';
import { line, parseBody, parseQuery, pathParam } from '../http/parse.ts';
import { issueViewer } from './pick-up.ts';
import { bookOf, issueOf, onlyRepo, repoOf } from '../repos/repos.ts';
import { summariesOf } from '../runs/summaries.ts';
import type { IssueView } from '../views/view.ts';

/** Newest first; older ones are in `lamplighter runs --issue`. */
const RUNS_SHOWN = 5;

export const issuesQuery = z.strictObject({
  repo: line(200).optional(),
  label: line(100).optional(),
  state: z.enum(['open', 'closed', 'all']).default('open'),
});

export function listIssues(deps: ApiDeps) {
  return async (req: Request) => {
    const { repo, label, state } = parseQuery(issuesQuery, req);
    const { issues, unreadable } = await viewIssues(
      deps,
      repo === undefined ? deps.config.repos : [repoOf(deps, repo)],
    );
    const asked = issues.filter(
      (issue) => (state === 'all' || issue.state === state) && (label === undefined || issue.labels.includes(label)),
    );
    return { value: { issues: asked, unreadable } };
  };
}

interface Listed {
  readonly issues: readonly IssueView[];
  readonly unreadable: readonly string[];
}

export async function viewIssues(deps: ApiDeps, repos: readonly RepoConfig[]): Promise<Listed> {
  const lists = await Promise.all(repos.map((one) => listOf(deps, one)));
  return { issues: lists.flatMap((one) => one.issues), unreadable: lists.flatMap((one) => one.unreadable) };
}

async function listOf(deps: ApiDeps, repo: RepoConfig): Promise<Listed> {
  const book = bookOf(deps, repo);
  const view = await issueViewer(deps, repo, book);
  const unreadable = await book.unreadable();
  return {
    issues: await Promise.all((await book.list()).map(view)),
    unreadable: unreadable.map((what) => `${repo.name}: ${what}`),
  };
}

export function showIssue(deps: ApiDeps) {
  return async (req: Request) => {
    const repo = repoOf(deps, pathParam(req, 'repo'));
    const book = bookOf(deps, repo);
    const issue = await issueOf(book, repo, pathParam(req, 'number'));
    const runs = await deps.store.runs.list({ repo: repo.key, issue: issue.number, limit: RUNS_SHOWN });
    return {
      value: {
        issue: await (await issueViewer(deps, repo, book))(issue),
        runs: await summariesOf(deps, runs),
      },
    };
  };
}

const labelName = line(100).regex(/^[^\p{Cc},]*$/u, 'must be one line without commas');
export const newLabel = z.strictObject({ label: labelName });

export function labelIssue(deps: ApiDeps) {
  return async (req: Request) => {
    const { label } = parseBody(newLabel, req);
    const repo = repoOf(deps, pathParam(req, 'repo'));
    const book = bookOf(deps, repo);
    if (book.applyLabel === undefined) throw notHere(repo);
    const { number } = await issueOf(book, repo, pathParam(req, 'number'));
    const issue = await book.applyLabel(number, label, principalOf(req).name);
    return { value: { issue: await released(deps, repo, book, issue) } };
  };
}

/** Judged first: afterwards the release may be used up already, by the very run that was wanted. */
async function released(deps: ApiDeps, repo: RepoConfig, book: IssueBook, issue: Issue): Promise<IssueView> {
  const view = await (await issueViewer(deps, repo, book))(issue);
  if (view.pickUp.refusals.length === 0) await lookNow(deps);
  return view;
}

export const newIssue = z.strictObject({
  repo: line(200).optional(),
  title: line(300).regex(/^[^\p{Cc}]*$/u, 'must be one line'),
  body: z.string().max(100_000).default(''),
  labels: z.array(labelName).max(50).default([]),
});

export function addIssue(deps: ApiDeps) {
  return async (req: Request) => {
    const { repo: name, ...issue } = parseBody(newIssue, req);
    const repo = repoOf(deps, name ?? onlyRepo(deps));
    const book = bookOf(deps, repo);
    if (book.add === undefined) throw notHere(repo);
    const added = await book.add({ ...issue, by: principalOf(req).name });
    return { value: { issue: await released(deps, repo, book, added) } };
  };
}

function notHere(repo: RepoConfig): ApiError {
  return new ApiError(409, {
    code: 'not-here',
    message: `issues of ${repo.name} are written in its own tracker`,
    remedy: 'do it there',
  });
}
