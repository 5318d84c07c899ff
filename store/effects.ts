/** Intents and outcomes of external effects (invariant 5): the intent is on disk before the world is touched. */
import type { EffectClass, EffectLog, EffectStanding } from './port.ts';
import { decode, encode, type Sql, type SqlSession } from './sql/sql.ts';

interface Row {
  readonly key: string;
  readonly name: string;
  readonly class: EffectClass;
  readonly attempts: number;
  readonly result: string | null;
  readonly repeated: number;
  readonly done_at: number | null;
}

export function createEffectLog(sql: Sql): EffectLog {
  return {
    begin: (effect) => sql.transaction([`effect/${effect.key}`], (session) => begin(session, effect)),

    async done(key, result, repeated, at) {
      const written = await sql.query(
        'UPDATE effects SET result = ?, repeated = ?, done_at = ? WHERE key = ? AND done_at IS NULL RETURNING key',
        [encode(result), repeated ? 1 : 0, at, key],
      );
      if (written.length > 0) return;
      const known = await sql.query('SELECT key FROM effects WHERE key = ?', [key]);
      if (known.length === 0) throw new Error(`effect ${key} was never begun: its intent comes before its outcome`);
    },

    async withdraw(key) {
      await sql.query('DELETE FROM effects WHERE key = ? AND done_at IS NULL RETURNING key', [key]);
    },

    async list(unit) {
      const rows = await sql.query<Row>('SELECT * FROM effects WHERE unit = ? ORDER BY at, key', [unit]);
      return rows.map((row) => ({
        key: row.key,
        name: row.name,
        class: row.class,
        attempts: row.attempts,
        done: row.done_at !== null,
        repeated: row.repeated === 1,
      }));
    },
  };
}

async function begin(session: SqlSession, effect: Parameters<EffectLog['begin']>[0]): Promise<EffectStanding> {
  const [known] = await session.query<Row>('SELECT * FROM effects WHERE key = ?', [effect.key]);
  if (known === undefined) {
    await session.query(
      'INSERT INTO effects (key, name, class, unit, attempts, repeated, at) VALUES (?, ?, ?, ?, 1, 0, ?)',
      [effect.key, effect.name, effect.class, effect.unit, effect.at],
    );
    return { standing: 'new' };
  }
  if (known.done_at !== null) return { standing: 'done', result: decode<unknown>(known.result ?? 'null') };
  await session.query('UPDATE effects SET attempts = attempts + 1 WHERE key = ?', [effect.key]);
  return { standing: 'unknown', attempts: known.attempts };
}
