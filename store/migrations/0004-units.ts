import type { Migration } from './migration.ts';

/**
 * What runs held, spent and left behind belongs to units: `unit` names a run, a job or a breakglass session (`run/<id>`). The ledger
 * sums by budget, which several units may share, and the line for slots is one for all kinds, in the order in which they joined it.
 */
export const units: Migration = {
  number: 4,
  name: 'units',
  statements: [
    'DROP INDEX sessions_of_run',
    'ALTER TABLE sessions RENAME COLUMN run TO unit',
    "UPDATE sessions SET unit = 'run/' || unit",
    'CREATE INDEX sessions_of_unit ON sessions (unit)',

    'DROP INDEX effects_of_run',
    'ALTER TABLE effects RENAME COLUMN run TO unit',
    "UPDATE effects SET unit = 'run/' || unit",
    'CREATE INDEX effects_of_unit ON effects (unit)',

    'ALTER TABLE evidence RENAME COLUMN run TO unit',
    "UPDATE evidence SET unit = 'run/' || unit",

    'ALTER TABLE ledger RENAME TO ledger_of_runs',
    'DROP INDEX ledger_of_issue',
    'DROP INDEX ledger_of_run',
    `CREATE TABLE ledger (
      key TEXT PRIMARY KEY, unit TEXT NOT NULL, repo TEXT, budget TEXT NOT NULL,
      reserved BIGINT NOT NULL, settled BIGINT, charged BIGINT NOT NULL, at BIGINT NOT NULL, settled_at BIGINT)`,
    `INSERT INTO ledger (key, unit, repo, budget, reserved, settled, charged, at, settled_at)
     SELECT key, 'run/' || run, repo, 'issue/' || repo || '/' || CAST(issue AS TEXT), reserved, settled, charged, at, settled_at
     FROM ledger_of_runs`,
    'DROP TABLE ledger_of_runs',
    'CREATE INDEX ledger_of_budget ON ledger (budget)',
    'CREATE INDEX ledger_of_unit ON ledger (unit)',

    'ALTER TABLE capacity RENAME TO capacity_by_kind',
    `CREATE TABLE capacity (
      unit TEXT PRIMARY KEY, unit_kind TEXT NOT NULL, position BIGINT NOT NULL UNIQUE, joined_at BIGINT NOT NULL, granted_at BIGINT)`,
    `INSERT INTO capacity (unit, unit_kind, position, joined_at, granted_at)
     SELECT kind || '/' || id, kind, ROW_NUMBER() OVER (ORDER BY joined_at, kind, position), joined_at, granted_at
     FROM capacity_by_kind`,
    'DROP TABLE capacity_by_kind',
  ],
};
