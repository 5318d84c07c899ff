/** The kill switch's row, and small named facts. */
import { appendEvent } from './events.ts';
import { factOf, type FactFamily, type FamilyValue, type KeyIn } from './facts.ts';
import type { Control, KillSwitch } from './port.ts';
import { decode, encode, type Sql, type SqlSession } from './sql/sql.ts';

const KILL_SWITCH = 'control/kill-switch';
/** What a store says in which nobody has decided yet (invariant 8). */
const AS_SHIPPED: KillSwitch = { on: true, by: 'lamplighter', note: 'ships disarmed', at: 0 };
/** Facts of callers live apart from the store's own. */
const FACT = 'fact/';

export function createControl(sql: Sql): Control {
  return {
    async killSwitch() {
      const text = await read(sql, KILL_SWITCH);
      return text === null ? AS_SHIPPED : decode<KillSwitch>(text);
    },

    setKillSwitch: (value) =>
      sql.transaction([KILL_SWITCH], async (session) => {
        await write(session, KILL_SWITCH, value, value.at);
        await appendEvent(session, { at: value.at, subject: 'system', kind: 'kill-switch', data: value });
      }),

    async fact(key) {
      const text = await read(sql, `${FACT}${key}`);
      const value = text === null ? null : decode<unknown>(text);
      return value === null ? null : factOf(key, value);
    },

    async setFact(key, value, at) {
      await write(sql, `${FACT}${key}`, value === null ? null : factOf(key, value), at);
    },

    async facts<F extends FactFamily>(family: F) {
      const begins = `${FACT}${family}`;
      const rows = await sql.query<{ key: string; value: string; at: number }>(
        'SELECT key, value, at FROM facts WHERE substr(key, 1, ?) = ?',
        [begins.length, begins],
      );
      const facts = rows.map(({ key: text, value, at }) => {
        const key = text.slice(FACT.length) as KeyIn<F>;
        const said = decode<unknown>(value);
        return { key, value: said === null ? null : (factOf(key, said) as FamilyValue<F>), at };
      });
      // Sorted here: the two databases compare text by different rules.
      return facts.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    },
  };
}

async function read(session: SqlSession, key: string): Promise<string | null> {
  const [row] = await session.query<{ value: string }>('SELECT value FROM facts WHERE key = ?', [key]);
  return row?.value ?? null;
}

async function write(session: SqlSession, key: string, value: unknown, at: number): Promise<void> {
  await session.query(
    `INSERT INTO facts (key, value, at) VALUES (?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, at = excluded.at`,
    [key, encode(value), at],
  );
}
