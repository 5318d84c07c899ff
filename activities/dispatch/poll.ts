import type { RepoConfig } from '../../config/types.ts';
import type { Caps } from '../../domain/caps.ts';
import type { QueuedRelease, Store } from '../../store/port.ts';
import { inTime } from '../effects/in-time.ts';
import { isHeldByCap } from '../run/caps.ts';
import type { LanePort } from '../run/control.ts';
import { trialsWaiting } from './open-run.ts';
import { eligibleReleases, readStanding, type ReleaseDeps, type Standing } from './releases.ts';
import type { IssueReader } from '../tracker/issue-reader.ts';

export interface PollDeps extends ReleaseDeps {
  readonly repos: readonly RepoConfig[];
  readonly issuesOf: (repoKey: string) => IssueReader;
  readonly lanes: Pick<LanePort, 'pokeLane'>;
  readonly caps: Caps;
  readonly now: () => number;
}

/** One look at every tracker, all at once: a broken one holds no other up. Answers with the lanes that it poked. */
export async function pollRepos(deps: PollDeps): Promise<{ readonly poked: readonly string[] }> {
  const polled = await Promise.all(deps.repos.map((repo) => pollRepo(deps, repo)));
  await sayPolled(deps, polled);
  return { poked: polled.flatMap((one) => (one.poked ? [one.repo] : [])) };
}

/** When the trackers were read last, and how many releases nothing but the kill switch holds back. */
export const POLLER_FACT = 'poller';

export async function sayPolled(
  { store, now }: Pick<PollDeps, 'store' | 'now'>,
  polled: readonly Pick<Polled, 'held'>[],
): Promise<void> {
  await store.control.setFact(POLLER_FACT, { held: polled.reduce((sum, { held }) => sum + held, 0) }, now());
}

export interface Polled {
  readonly repo: string;
  /** The tracker could not be read. */
  readonly failed: boolean;
  readonly poked: boolean;
  readonly held: number;
}

/**
 * Reads the tracker, writes the queue, pokes the lane: when there is new work, and again while work waits in a lane without a run, so
 * that a poke that was lost heals. Not while a cap holds the lane: the queue keeps what waits, and the first look after the hold pokes.
 */
export async function pollRepo(deps: PollDeps, repo: RepoConfig): Promise<Polled> {
  const { store, now } = deps;
  const read = await readTracker(deps, repo);
  await reportFailure(deps, repo, 'tracker', read.ok ? null : read.reason);
  if (!read.ok) return { repo: repo.key, failed: true, poked: false, held: 0 };
  await reportFailure(deps, repo, 'issues', read.unreadable.length === 0 ? null : read.unreadable.join('; '));

  const { changed } = await store.queue.replace(repo.key, read.releases, now());
  const poked = await isDue(deps, repo, { changed, releases: read.releases.length });
  if (poked) await deps.lanes.pokeLane(repo.key);
  return { repo: repo.key, failed: false, poked, held: read.held };
}

async function isDue(
  deps: PollDeps,
  repo: RepoConfig,
  { changed, releases }: { readonly changed: boolean; readonly releases: number },
): Promise<boolean> {
  const waiting = releases + (await trialsWaiting(deps, repo)).length;
  if (waiting === 0 || (await isHeldByCap(deps, repo))) return false;
  return changed || (await deps.store.runs.list({ repo: repo.key, open: true, limit: 1 })).length === 0;
}

/** What one look may take; a tracker that hangs is looked at again like one that fails. */
const PATIENCE_MS = 30_000;

type Read =
  | {
      readonly ok: true;
      readonly releases: readonly QueuedRelease[];
      readonly held: number;
      readonly unreadable: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

async function readTracker(deps: PollDeps, repo: RepoConfig): Promise<Read> {
  const standing = await readStanding(deps, repo);
  const reader = deps.issuesOf(repo.key);
  try {
    const { eligible, unreadable } = await inTime(
      readReleases(standing, repo, reader),
      PATIENCE_MS,
      `the tracker has not answered after ${PATIENCE_MS / 1000} s`,
    );
    return standing.killSwitch
      ? { ok: true, releases: [], held: eligible.length, unreadable }
      : { ok: true, releases: eligible, held: 0, unreadable };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** What would run but for the kill switch. */
async function readReleases(
  standing: Standing,
  repo: RepoConfig,
  reader: IssueReader,
): Promise<{ readonly eligible: readonly QueuedRelease[]; readonly unreadable: readonly string[] }> {
  const { issues, unreadable } = await reader.ready();
  return { eligible: await eligibleReleases({ ...standing, killSwitch: false }, repo, { issues, reader }), unreadable };
}

/** One event when it starts to fail or fails otherwise, one when it heals; not one a poll. */
async function reportFailure(
  { store, now }: { store: Store; now: () => number },
  repo: RepoConfig,
  what: 'tracker' | 'issues',
  reason: string | null,
): Promise<void> {
  const key = `${what}-failure/${repo.key}` as const;
  const before = await store.control.fact(key);
  if (before === reason) return;
  const kind = `${what}.${reason === null ? 'recovered' : 'failed'}`;
  await store.events.append({ at: now(), subject: `repo/${repo.key}`, kind, data: { repo: repo.name, reason } });
  await store.control.setFact(key, reason, now());
}
