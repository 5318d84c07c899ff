import type { Migration } from './migration.ts';

/**
 * What was spent or is reserved, summed by scope (`total`, `repo/<key>`) and day, so that a cap costs a few rows to check however
 * long the ledger gets. Days are whole days since 1970-01-01, UTC. What the ledger held before is summed up once, here.
 */
export const caps: Migration = {
  number: 3,
  name: 'caps',
  statements: [
    'CREATE TABLE spend (scope TEXT NOT NULL, day BIGINT NOT NULL, micro_usd BIGINT NOT NULL, PRIMARY KEY (scope, day))',
    `INSERT INTO spend (scope, day, micro_usd)
     SELECT 'total', at / 86400000, CAST(SUM(charged + COALESCE(settled, reserved)) AS BIGINT) FROM ledger GROUP BY at / 86400000`,
    `INSERT INTO spend (scope, day, micro_usd)
     SELECT 'repo/' || repo, at / 86400000, CAST(SUM(charged + COALESCE(settled, reserved)) AS BIGINT) FROM ledger
     GROUP BY repo, at / 86400000`,
    `CREATE TABLE cap_raises (
      id TEXT PRIMARY KEY, cap TEXT NOT NULL, micro_usd BIGINT NOT NULL, given TEXT NOT NULL, at BIGINT NOT NULL)`,
    'CREATE INDEX cap_raises_of_cap ON cap_raises (cap)',
    'CREATE TABLE cap_refusals (cap TEXT PRIMARY KEY, micro_usd BIGINT NOT NULL, at BIGINT NOT NULL)',
  ],
};
