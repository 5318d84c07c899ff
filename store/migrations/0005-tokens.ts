import type { Migration } from './migration.ts';

/** Tokens of the API, by the public part of their text; of the secret part there is a digest alone. */
export const tokens: Migration = {
  number: 5,
  name: 'tokens',
  statements: [
    `CREATE TABLE tokens (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, given TEXT NOT NULL, created_at BIGINT NOT NULL,
      expires_at BIGINT, last_used_at BIGINT, revoked_at BIGINT)`,
  ],
};
