import type { Migration } from './migration.ts';

/** Which host holds a repo's checkout. A worker shows itself by its host's name from now on: the signs under the old names would be missed. */
export const checkouts: Migration = {
  number: 7,
  name: 'checkouts',
  statements: [
    'CREATE TABLE checkouts (repo TEXT PRIMARY KEY, host TEXT NOT NULL, since BIGINT NOT NULL, renewed BIGINT NOT NULL)',
    "DELETE FROM facts WHERE substr(key, 1, 12) = 'fact/worker/'",
  ],
};
