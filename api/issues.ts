import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { Issue } from '../domain/issue.ts';
import type { RepoConfig } from '../config/types.ts';
import type { ApiDeps } from './app.ts';
import { ApiError, notFound } from './errors.ts';
import { principalOf } from './guards.ts';
import type { IssueBook } from './issue-book.ts';
import { line, parseBody, parseQuery, pathParam } from './parse.ts';
import type { IssueView } from './view.ts';

const listQuery = z.strictObject({
  repo: line(200).optional(),
  label: line(100).optional(),
  state: z.enum(['open', 'closed', 'all']).default('open'),
});

export function listIssues(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { repo, label, state } = parseQuery(listQuery, req);
    const repos = repo === undefined ? deps.config.repos : [repoOf(deps, repo)];
    const lists = await Promise.all(
      repos.map(async (one) => (await bookOf(deps, one).list()).map((issue) => viewOf(one, issue))),
    );
    const issues = lists
      .flat()
      .filter(
        (issue) => (state === 'all' || issue.state === state) && (label === undefined || issue.labels.includes(label)),
      );
    res.json({ issues });
  };
}

export function showIssue(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const repo = repoOf(deps, pathParam(req, 'repo'));
    const given = pathParam(req, 'number');
    const issue = /^[1-9]\d{0,8}$/.test(given) ? await bookOf(deps, repo).read(Number(given)) : null;
    if (issue === null)
      throw notFound(
        `issue ${JSON.stringify(given.slice(0, 20))} in ${repo.name}`,
        '`lamplighter issue list` lists them',
      );
    res.json({ issue: viewOf(repo, issue) });
  };
}

const newIssue = z.strictObject({
  repo: line(200).optional(),
  title: line(300).regex(/^[^\p{Cc}]*$/u, 'must be one line'),
  body: z.string().max(100_000).default(''),
  labels: z
    .array(line(100).regex(/^[^\p{Cc},]*$/u, 'must be one line without commas'))
    .max(50)
    .default([]),
});

export function addIssue(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { repo: name, ...issue } = parseBody(newIssue, req);
    const repo = repoOf(deps, name ?? onlyRepo(deps));
    const book = bookOf(deps, repo);
    if (book.add === undefined) {
      throw new ApiError(409, {
        code: 'not-here',
        message: `issues of ${repo.name} are written in its own tracker`,
        remedy: 'add it there',
      });
    }
    res.status(201).json({ issue: viewOf(repo, await book.add({ ...issue, by: principalOf(req).name })) });
  };
}

function onlyRepo(deps: ApiDeps): string {
  const [only, second] = deps.config.repos;
  if (only !== undefined && second === undefined) return only.name;
  const names = deps.config.repos.map((repo) => repo.name).join(', ');
  throw new ApiError(400, {
    code: 'bad-body',
    message: `repo: say which of ${names === '' ? 'none (no repo is enrolled)' : names}`,
    field: 'repo',
  });
}

/** By key or by name. */
function repoOf(deps: ApiDeps, given: string): RepoConfig {
  const repo = deps.config.repos.find((one) => one.key === given || one.name === given);
  if (repo !== undefined) return repo;
  const names = deps.config.repos.map((one) => one.name).join(', ');
  throw notFound(`repo ${JSON.stringify(given.slice(0, 100))}`, `enrolled: ${names === '' ? 'none' : names}`);
}

function bookOf(deps: ApiDeps, repo: RepoConfig): IssueBook {
  const book = deps.issues(repo.key);
  if (book === null) throw new Error(`repo ${repo.name} is enrolled but has no tracker: the api was wired without it`);
  return book;
}

function viewOf(repo: RepoConfig, issue: Issue): IssueView {
  return { ...issue, repo: repo.key, repoName: repo.name };
}
