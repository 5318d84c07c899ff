import type { Principal } from './principal.ts';

/** A token of the API. Of its text only a digest is kept. */
export interface TokenRow {
  readonly id: string;
  /** Several tokens may have one: the old and the new, while callers change over. */
  readonly name: string;
  /** sha-256 of the whole text, hex. */
  readonly digest: string;
  readonly scopes: readonly string[];
  readonly by: Principal;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

export interface Tokens {
  /** Appends `token.created`, without the digest. */
  create(token: Omit<TokenRow, 'lastUsedAt' | 'revokedAt'>): Promise<void>;
  get(id: string): Promise<TokenRow | null>;
  /** Newest first. */
  list(): Promise<TokenRow[]>;
  /** Changes nothing where the last use that is known is less than `everyMs` ago. */
  used(id: string, at: number, everyMs: number): Promise<void>;
  /** The first call counts and appends `token.revoked`. Null: there is no such token. */
  revoke(id: string, by: Principal, at: number): Promise<TokenRow | null>;
}
