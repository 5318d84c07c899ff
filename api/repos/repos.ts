/** Repos and their issues as people name them. */
import type { RepoConfig } from '../../config/types.ts';
import type { Issue } from '../../domain/issue.ts';
import type { ApiDeps } from '../http/deps.ts';
import { ApiError, notFound } from '../http/errors.ts';
import type { IssueBook } from '../http/issue-book.ts';

export function onlyRepo(deps: ApiDeps): string {
  const [only, second] = deps.config.repos;
  if (only !== undefined && second === undefined) return only.name;
  const names = deps.config.repos.map((repo) => repo.name).join(', ');
  throw new ApiError(400, {
    code: 'bad-body',
    message: `repo: say which of ${names === '' ? 'none (no repo is enrolled)' : names}`,
    field: 'repo',
  });
}

/** By key or by name. Another name than that of an enrolled repo is an error, and never stands for all or for none. */
export function repoOf(deps: ApiDeps, given: string): RepoConfig {
  const repo = enrolled(deps, given);
  if (repo !== null) return repo;
  const names = deps.config.repos.map((one) => one.name).join(', ');
  throw notFound(`repo ${JSON.stringify(given.slice(0, 100))}`, `enrolled: ${names === '' ? 'none' : names}`);
}

/** Likewise, and the key of a repo that was enrolled once, as long as its runs are kept. */
export async function keyWithRuns(deps: ApiDeps, given: string): Promise<string> {
  const repo = enrolled(deps, given);
  if (repo !== null) return repo.key;
  const [run] = await deps.store.runs.list({ repo: given, limit: 1 });
  return run?.repo ?? repoOf(deps, given).key;
}

function enrolled({ config }: ApiDeps, given: string): RepoConfig | null {
  return config.repos.find((one) => one.key === given || one.name === given) ?? null;
}

export function bookOf(deps: ApiDeps, repo: RepoConfig): IssueBook {
  const book = deps.issues(repo.key);
  if (book === null) throw new Error(`repo ${repo.name} is enrolled but has no tracker: the api was wired without it`);
  return book;
}

export async function issueOf(book: IssueBook, repo: RepoConfig, given: string): Promise<Issue> {
  const issue = /^[1-9]\d{0,8}$/.test(given) ? await book.read(Number(given)) : null;
  if (issue !== null) return issue;
  throw notFound(`issue ${JSON.stringify(given.slice(0, 20))} in ${repo.name}`, '`lamplighter issue list` lists them');
}
