import type { Migration } from './migration.ts';

/**
 * Runs, and all that hangs on them. Columns are what is searched, ordered or decided on; the rest is JSON. Sessions, evidence, effects
 * and escalations carry no foreign key to runs: they outlive what they are about, and jobs have them too.
 */
export const first: Migration = {
  number: 1,
  name: 'first',
  statements: [
    `CREATE TABLE runs (
      id TEXT PRIMARY KEY, repo TEXT NOT NULL, issue BIGINT NOT NULL, release_id TEXT NOT NULL, given TEXT NOT NULL,
      seq BIGINT NOT NULL, state TEXT NOT NULL, effects TEXT NOT NULL, plan TEXT,
      created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, ended_at BIGINT,
      UNIQUE (repo, release_id))`,
    'CREATE UNIQUE INDEX runs_open ON runs (repo) WHERE ended_at IS NULL',
    'CREATE INDEX runs_newest ON runs (created_at)',
    `CREATE TABLE transitions (
      run TEXT NOT NULL REFERENCES runs (id), seq BIGINT NOT NULL, state TEXT NOT NULL, cause TEXT NOT NULL, at BIGINT NOT NULL,
      PRIMARY KEY (run, seq))`,
    `CREATE TABLE queue (
      repo TEXT NOT NULL, issue BIGINT NOT NULL, release_id TEXT NOT NULL, priority BIGINT NOT NULL, given TEXT NOT NULL,
      PRIMARY KEY (repo, issue))`,
    `CREATE TABLE acts (
      id TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs (id), seq BIGINT NOT NULL, given TEXT NOT NULL,
      at BIGINT NOT NULL, taken_at BIGINT, UNIQUE (run, seq))`,
    'CREATE TABLE event_counter (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL)',
    'INSERT INTO event_counter (id, seq) VALUES (1, 0)',
    `CREATE TABLE events (
      seq BIGINT PRIMARY KEY, at BIGINT NOT NULL, subject TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL)`,
    'CREATE INDEX events_of_subject ON events (subject, seq)',
    'CREATE TABLE sessions (id TEXT PRIMARY KEY, run TEXT NOT NULL, system_prompt TEXT NOT NULL, at BIGINT NOT NULL)',
    'CREATE INDEX sessions_of_run ON sessions (run)',
    `CREATE TABLE session_inputs (
      session TEXT NOT NULL REFERENCES sessions (id), key TEXT NOT NULL, position BIGINT NOT NULL, before_turn BIGINT NOT NULL,
      given TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (session, key))`,
    `CREATE TABLE turns (
      session TEXT NOT NULL REFERENCES sessions (id), turn BIGINT NOT NULL, given TEXT NOT NULL, at BIGINT NOT NULL,
      PRIMARY KEY (session, turn))`,
    `CREATE TABLE tool_results (
      session TEXT NOT NULL REFERENCES sessions (id), turn BIGINT NOT NULL, tool_use_id TEXT NOT NULL, position BIGINT NOT NULL,
      given TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (session, turn, tool_use_id))`,
    `CREATE TABLE ledger (
      key TEXT PRIMARY KEY, run TEXT NOT NULL, repo TEXT NOT NULL, issue BIGINT NOT NULL,
      reserved BIGINT NOT NULL, settled BIGINT, charged BIGINT NOT NULL, at BIGINT NOT NULL, settled_at BIGINT)`,
    'CREATE INDEX ledger_of_issue ON ledger (repo, issue)',
    'CREATE INDEX ledger_of_run ON ledger (run)',
    `CREATE TABLE capacity (
      kind TEXT NOT NULL, id TEXT NOT NULL, position BIGINT NOT NULL, joined_at BIGINT NOT NULL, granted_at BIGINT,
      PRIMARY KEY (kind, id))`,
    `CREATE TABLE effects (
      key TEXT PRIMARY KEY, name TEXT NOT NULL, class TEXT NOT NULL, run TEXT, attempts BIGINT NOT NULL,
      result TEXT, repeated BIGINT NOT NULL, at BIGINT NOT NULL, done_at BIGINT)`,
    'CREATE INDEX effects_of_run ON effects (run)',
    `CREATE TABLE evidence (
      key TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, run TEXT NOT NULL, position BIGINT NOT NULL, digest TEXT NOT NULL,
      bytes BIGINT NOT NULL, given TEXT NOT NULL, UNIQUE (run, position))`,
    `CREATE TABLE escalations (
      key TEXT PRIMARY KEY, run TEXT, repo TEXT, given TEXT NOT NULL, at BIGINT NOT NULL, delivered_at BIGINT)`,
    'CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL, at BIGINT NOT NULL)',
  ],
};
