import type { Migration } from './migration.ts';

/**
 * A run has ended before its issue is told: what it owes then outlives the execution that was to do it. Of runs that ended before this was kept
 * nothing is owed, but where their execution is still open (workers/upgrade.ts).
 */
export const owed: Migration = {
  number: 8,
  name: 'owed',
  statements: [
    'ALTER TABLE runs ADD COLUMN owes BIGINT NOT NULL DEFAULT 0',
    'CREATE INDEX runs_owing ON runs (created_at) WHERE owes = 1',
  ],
};
