import type { RepoConfig } from '../../config/types.ts';
import type { Caps } from '../../domain/caps.ts';
import type { Store } from '../../store/port.ts';
import { isHeldByCap } from '../run/caps.ts';
import { trialsWaiting } from './grant.ts';
import { eligibleReleases, readStanding, type ReleaseDeps } from './releases.ts';
import type { IssueReader } from '../tracker/issue-reader.ts';

export interface PollDeps extends ReleaseDeps {
  readonly repos: readonly RepoConfig[];
  readonly issuesOf: (repoKey: string) => IssueReader;
  readonly caps: Caps;
  readonly now: () => number;
}

/** Reads every tracker and writes every queue; answers with the lanes to poke. A broken tracker stops no other. */
export async function pollRepos(deps: PollDeps): Promise<{ readonly poke: readonly string[] }> {
  const poke: string[] = [];
  let held = 0;
  for (const repo of deps.repos) {
    const polled = await pollRepo(deps, repo);
    if (polled.poke) poke.push(repo.key);
    held += polled.held;
  }
  await deps.store.control.setFact(POLLER_FACT, { held }, deps.now());
  return { poke };
}

/** When all trackers were read last, and how many releases nothing but the kill switch holds back. */
export const POLLER_FACT = 'poller';

interface Polled {
  readonly poke: boolean;
  readonly held: number;
}

/**
 * Poked when there is new work, and again while work waits in a lane without a run: a poke that was lost heals. Not while a cap
 * holds the lane: the queue keeps what waits, and the first poll after the hold pokes.
 */
async function pollRepo(deps: PollDeps, repo: RepoConfig): Promise<Polled> {
  const { store, now } = deps;
  const read = await readTracker(deps, repo);
  await reportFailure(deps, repo, 'tracker', read.ok ? null : read.reason);
  if (!read.ok) return { poke: false, held: 0 };
  await reportFailure(deps, repo, 'issues', read.unreadable.length === 0 ? null : read.unreadable.join('; '));

  const { changed } = await store.queue.replace(repo.key, read.releases, now());
  const waiting = read.releases.length + (await trialsWaiting(deps, repo)).length;
  if (waiting === 0 || (await isHeldByCap(deps, repo))) return { poke: false, held: read.held };
  const poke = changed || (await store.runs.list({ repo: repo.key, open: true, limit: 1 })).length === 0;
  return { poke, held: read.held };
}

type Read =
  | {
      readonly ok: true;
      readonly releases: Awaited<ReturnType<typeof eligibleReleases>>;
      readonly held: number;
      readonly unreadable: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

async function readTracker(deps: PollDeps, repo: RepoConfig): Promise<Read> {
  const standing = await readStanding(deps, repo);
  const reader = deps.issuesOf(repo.key);
  try {
    const { issues, unreadable } = await reader.ready();
    const eligible = await eligibleReleases({ ...standing, killSwitch: false }, repo, { issues, reader });
    return standing.killSwitch
      ? { ok: true, releases: [], held: eligible.length, unreadable }
      : { ok: true, releases: eligible, held: 0, unreadable };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** One event when it starts to fail or fails otherwise, one when it heals; not one a poll. */
async function reportFailure(
  { store, now }: { store: Store; now: () => number },
  repo: RepoConfig,
  what: 'tracker' | 'issues',
  reason: string | null,
): Promise<void> {
  const key = `${what}-failure/${repo.key}`;
  const before = (await store.control.fact(key)) ?? null;
  if (before === reason) return;
  const kind = `${what}.${reason === null ? 'recovered' : 'failed'}`;
  await store.events.append({ at: now(), subject: `repo/${repo.key}`, kind, data: { repo: repo.name, reason } });
  await store.control.setFact(key, reason, now());
}
