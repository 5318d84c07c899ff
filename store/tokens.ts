import { appendEvent } from './events.ts';
import { decode, encode, type Sql, type SqlSession } from './sql/sql.ts';
import type { TokenRow, Tokens } from './tokens-port.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly digest: string;
  readonly given: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly revoked_at: number | null;
}

type Given = Pick<TokenRow, 'scopes' | 'by'>;

export function createTokens(sql: Sql): Tokens {
  return {
    create: ({ id, name, digest, scopes, by, createdAt, expiresAt }) =>
      sql.transaction([], async (session) => {
        const given: Given = { scopes, by };
        await session.query(
          'INSERT INTO tokens (id, name, digest, given, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
          [id, name, digest, encode(given), createdAt, expiresAt],
        );
        const data = { id, name, scopes, by, expiresAt };
        await appendEvent(session, { at: createdAt, subject: 'system', kind: 'token.created', data });
      }),

    get: (id) => read(sql, id),

    async list() {
      return (await sql.query<Row>('SELECT * FROM tokens ORDER BY created_at DESC, id')).map(toToken);
    },

    async used(id, at, everyMs) {
      await sql.query(
        'UPDATE tokens SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ?)',
        [at, id, at - everyMs],
      );
    },

    revoke: (id, by, at) =>
      sql.transaction([], async (session) => {
        const [first] = await session.query<{ name: string }>(
          'UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING name',
          [at, id],
        );
        if (first !== undefined) {
          const data = { id, name: first.name, by };
          await appendEvent(session, { at, subject: 'system', kind: 'token.revoked', data });
        }
        return read(session, id);
      }),
  };
}

async function read(session: SqlSession, id: string): Promise<TokenRow | null> {
  const [row] = await session.query<Row>('SELECT * FROM tokens WHERE id = ?', [id]);
  return row === undefined ? null : toToken(row);
}

function toToken(row: Row): TokenRow {
  return {
    id: row.id,
    name: row.name,
    digest: row.digest,
    ...decode<Given>(row.given),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}
