/** What waits in each repo's lane. A release that a run has used up is never put back, however old the poll is that found it. */
import { isDeepStrictEqual } from 'node:util';
import { appendEvent } from './events.ts';
import type { Queue, QueuedRelease } from './port.ts';
import { decode, encode, type Sql, type SqlSession } from './sql/sql.ts';

/** Held by whatever decides about a repo's lane: its queue and its open run. */
export function laneLock(repo: string): string {
  return `lane/${repo}`;
}

export function createQueue(sql: Sql): Queue {
  return {
    replace: (repo, releases, at) =>
      sql.transaction([laneLock(repo)], async (session) => ({ changed: await replace(session, repo, releases, at) })),

    waiting: (repo) => waiting(sql, repo),

    async repos() {
      const rows = await sql.query<{ repo: string }>('SELECT DISTINCT repo FROM queue ORDER BY repo');
      return rows.map((row) => row.repo);
    },
  };
}

async function replace(
  session: SqlSession,
  repo: string,
  releases: readonly QueuedRelease[],
  at: number,
): Promise<boolean> {
  const stray = releases.find((one) => one.repo !== repo);
  if (stray !== undefined) throw new Error(`issue ${stray.issue} of ${stray.repo} can't wait in the lane of ${repo}`);
  const used = await session.query<{ release_id: string }>('SELECT release_id FROM runs WHERE repo = ?', [repo]);
  const usedUp = new Set(used.map((row) => row.release_id));
  const before = await waiting(session, repo);
  const fresh = releases.filter((one) => !usedUp.has(one.release.id));

  await session.query('DELETE FROM queue WHERE repo = ?', [repo]);
  for (const one of fresh) {
    await session.query('INSERT INTO queue (repo, issue, release_id, priority, given) VALUES (?, ?, ?, ?, ?)', [
      repo,
      one.issue,
      one.release.id,
      one.priority,
      encode(one),
    ]);
  }
  if (isDeepStrictEqual(before, await waiting(session, repo))) return false;
  await appendQueueChanged(session, repo, at);
  return true;
}

/** `queue.changed` says which issues wait now, in the lane's order. */
export async function appendQueueChanged(session: SqlSession, repo: string, at: number): Promise<void> {
  const issues = (await waiting(session, repo)).map((one) => one.issue);
  await appendEvent(session, { at, subject: `repo/${repo}`, kind: 'queue.changed', data: { repo, issues } });
}

async function waiting(session: SqlSession, repo: string): Promise<QueuedRelease[]> {
  const rows = await session.query<{ given: string }>(
    'SELECT given FROM queue WHERE repo = ? ORDER BY priority, issue',
    [repo],
  );
  return rows.map((row) => decode<QueuedRelease>(row.given));
}
