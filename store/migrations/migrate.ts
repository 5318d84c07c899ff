/** Numbered, forward only: what a release wrote, every later one reads. A migration that has shipped is never edited. */
import { CannotRun } from '../../config/errors.ts';
import type { Sql } from '../sql/sql.ts';
import type { Migration } from './migration.ts';
import { first } from './0001-first.ts';
import { trials } from './0002-trials.ts';
import { caps } from './0003-caps.ts';
import { units } from './0004-units.ts';
import { tokens } from './0005-tokens.ts';
import { flatTurns } from './0006-flat-turns.ts';
import { checkouts } from './0007-checkouts.ts';
import { owed } from './0008-owed.ts';

export const MIGRATIONS: readonly Migration[] = [first, trials, caps, units, tokens, flatTurns, checkouts, owed];

/** Brings the schema up to `migrations` in one transaction, under a lock. Throws when a newer release has been here. */
export async function migrate(sql: Sql, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const known = migrations.length;
  await sql.transaction(['schema'], async (session) => {
    await session.query(
      'CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, at BIGINT NOT NULL)',
    );
    const [row] = await session.query<{ newest: number }>(
      'SELECT COALESCE(MAX(number), 0) AS newest FROM schema_migrations',
    );
    const newest = row?.newest ?? 0;
    if (newest > known) {
      throw new CannotRun(
        `the store's schema is number ${newest}, and this release knows up to ${known}: a newer Lamplighter has used it, and schemas only go forward; run that release, or restore a backup`,
      );
    }
    for (const migration of migrations.slice(newest)) {
      for (const statement of migration.statements) await session.query(statement);
      await session.query('INSERT INTO schema_migrations (number, name, at) VALUES (?, ?, ?)', [
        migration.number,
        migration.name,
        Date.now(),
      ]);
    }
  });
}
