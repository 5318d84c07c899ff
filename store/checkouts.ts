import type { Checkout } from '../domain/checkout.ts';
import type { Checkouts, Take } from './checkouts-port.ts';
import { appendEvent } from './events.ts';
import { laneLock } from './queue.ts';
import type { Sql, SqlSession } from './sql/sql.ts';

export function createCheckouts(sql: Sql): Checkouts {
  return {
    async take(take) {
      const stands = await read(sql, take.repo);
      // Asked often, and nearly always answered so.
      if (stands !== null && !mayChange(stands, take)) return stands;
      return sql.transaction([laneLock(take.repo)], (session) => takeOver(session, take));
    },

    async renew(host, at) {
      await sql.query('UPDATE checkouts SET renewed = ? WHERE host = ?', [at, host]);
    },

    get: (repo) => read(sql, repo),

    list: () => sql.query<Checkout>('SELECT repo, host, since, renewed FROM checkouts ORDER BY since, repo'),
  };
}

function mayChange({ host, renewed }: Checkout, take: Take): boolean {
  return host !== take.host && renewed <= take.at - take.silentMs;
}

async function takeOver(session: SqlSession, take: Take): Promise<Checkout> {
  const { repo, host, at } = take;
  const stands = await read(session, repo);
  if (stands !== null) {
    if (!mayChange(stands, take)) return stands;
    const [open] = await session.query('SELECT id FROM runs WHERE repo = ? AND ended_at IS NULL LIMIT 1', [repo]);
    if (open !== undefined) return stands;
  }
  await session.query(
    `INSERT INTO checkouts (repo, host, since, renewed) VALUES (?, ?, ?, ?)
     ON CONFLICT (repo) DO UPDATE SET host = excluded.host, since = excluded.since, renewed = excluded.renewed`,
    [repo, host, at, at],
  );
  const data = { host, from: stands?.host ?? null };
  await appendEvent(session, { at, subject: `repo/${repo}`, kind: 'checkout.taken', data });
  return { repo, host, since: at, renewed: at };
}

async function read(session: SqlSession, repo: string): Promise<Checkout | null> {
  const [row] = await session.query<Checkout>('SELECT repo, host, since, renewed FROM checkouts WHERE repo = ?', [
    repo,
  ]);
  return row ?? null;
}
