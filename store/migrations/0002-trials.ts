import type { Migration } from './migration.ts';

/** Trials that people asked for: each is used up by one run, whose release it names. */
export const trials: Migration = {
  number: 2,
  name: 'trials',
  statements: [
    `CREATE TABLE trials (
      id TEXT PRIMARY KEY, repo TEXT NOT NULL, issue BIGINT NOT NULL, given TEXT NOT NULL, at BIGINT NOT NULL)`,
    'CREATE INDEX trials_of_repo ON trials (repo, at)',
  ],
};
