/**
 * The narrow SQL port that the sub-stores are written against: one dialect, the common subset of SQLite and PostgreSQL.
 *
 * - Parameters are `?`; no statement has a question mark in a literal.
 * - Times and money are BIGINT and come back as numbers. Everything that is not searched is JSON in a TEXT column, which also
 *   carries what PostgreSQL's TEXT cannot: NUL characters and lone surrogates, as tools print them.
 */
export type SqlValue = string | number | null;

export interface SqlSession {
  /** Runs one statement; `T` is the shape of its rows, as the statement names its columns. */
  query<T>(statement: string, params?: readonly SqlValue[]): Promise<T[]>;
}

export interface Sql extends SqlSession {
  /**
   * Commits when `work` resolves, rolls back and throws on when it rejects. `locks` name what the decision in it rests on: two
   * transactions that share a name never overlap, over all processes. Inside `work` use only the session it is given: the outer
   * one waits for this transaction to end.
   */
  transaction<T>(locks: readonly string[], work: (session: SqlSession) => Promise<T>): Promise<T>;
  /** Waits for what was asked before. */
  close(): Promise<void>;
}

export function encode(value: unknown): string {
  return JSON.stringify(value ?? null);
}

/** The caller knows the shape because the same column was written by `encode` of it. */
export function decode<T>(text: string): T {
  return JSON.parse(text) as T;
}
