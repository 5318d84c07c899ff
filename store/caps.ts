/** The rows that caps are judged by: sums by scope and day, raises by people, and what each cap refused last. */
import type { Cap, CapStanding } from '../domain/caps.ts';
import type { MicroUsd } from '../domain/money.ts';
import { appendEvent } from './events.ts';
import type { CapRaise, Reserve } from './port.ts';
import { decode, encode, type SqlSession } from './sql/sql.ts';

export interface CapRows {
  standing(caps: readonly Cap[]): Promise<CapStanding[]>;
  /** The caps that the reserve would pass, each with a note of what it refused; none: it may be placed. */
  refuse(reserve: Reserve): Promise<CapStanding[]>;
  add(repo: string | null, day: number, microUsd: MicroUsd): Promise<void>;
  raise(cap: Cap, raise: Omit<CapRaise, 'cap'>): Promise<CapRaise>;
  raises(cap: string): Promise<CapRaise[]>;
}

type Given = Pick<CapRaise, 'by' | 'note'>;

interface RaiseRow {
  readonly id: string;
  readonly cap: string;
  readonly micro_usd: number;
  readonly given: string;
  readonly at: number;
}

const TOTAL = 'total';

export function createCapRows(session: SqlSession): CapRows {
  async function standing(caps: readonly Cap[]): Promise<CapStanding[]> {
    const standings: CapStanding[] = [];
    for (const cap of caps) standings.push(await standingOf(session, cap));
    return standings;
  }

  return {
    standing,

    async refuse({ caps, microUsd, at }) {
      const passed = (await standing(caps)).filter(
        ({ cap, raised, spent }) => spent + microUsd > cap.microUsd + raised,
      );
      for (const { cap } of passed) {
        await session.query(
          `INSERT INTO cap_refusals (cap, micro_usd, at) VALUES (?, ?, ?)
           ON CONFLICT (cap) DO UPDATE SET micro_usd = excluded.micro_usd, at = excluded.at`,
          [cap.key, microUsd, at],
        );
      }
      return passed.map((one) => ({ ...one, refused: microUsd }));
    },

    async add(repo, day, microUsd) {
      for (const scope of new Set([scopeOf(repo), TOTAL])) {
        await session.query(
          `INSERT INTO spend (scope, day, micro_usd) VALUES (?, ?, ?)
           ON CONFLICT (scope, day) DO UPDATE SET micro_usd = spend.micro_usd + excluded.micro_usd`,
          [scope, day, microUsd],
        );
      }
    },

    async raise(cap, { id, microUsd, by, note, at }) {
      const [stands] = await session.query<RaiseRow>('SELECT * FROM cap_raises WHERE id = ?', [id]);
      if (stands !== undefined) return toRaise(stands);
      const given: Given = { by, note };
      await session.query('INSERT INTO cap_raises (id, cap, micro_usd, given, at) VALUES (?, ?, ?, ?, ?)', [
        id,
        cap.key,
        microUsd,
        encode(given),
        at,
      ]);
      await appendEvent(session, {
        at,
        subject: cap.repo === null ? 'system' : `repo/${cap.repo}`,
        kind: 'cap.raised',
        data: { id, cap: cap.key, microUsd, by: by.name, note },
      });
      return { id, cap: cap.key, microUsd, by, note, at };
    },

    async raises(cap) {
      const rows = await session.query<RaiseRow>('SELECT * FROM cap_raises WHERE cap = ? ORDER BY at, id', [cap]);
      return rows.map(toRaise);
    },
  };
}

function scopeOf(repo: string | null): string {
  return repo === null ? TOTAL : `repo/${repo}`;
}

async function standingOf(session: SqlSession, cap: Cap): Promise<CapStanding> {
  const [row] = await session.query<Pick<CapStanding, 'spent' | 'raised' | 'refused'>>(
    `SELECT
       (SELECT CAST(COALESCE(SUM(micro_usd), 0) AS BIGINT) FROM spend WHERE scope = ? AND day >= ? AND day <= ?) AS spent,
       (SELECT CAST(COALESCE(SUM(micro_usd), 0) AS BIGINT) FROM cap_raises WHERE cap = ?) AS raised,
       (SELECT COALESCE(MAX(micro_usd), 0) FROM cap_refusals WHERE cap = ?) AS refused`,
    [scopeOf(cap.repo), cap.firstDay, cap.lastDay, cap.key, cap.key],
  );
  if (row === undefined) throw new Error(`the sums of ${cap.key} came back without a row`);
  return { cap, raised: row.raised, spent: row.spent, refused: row.refused };
}

function toRaise({ id, cap, micro_usd: microUsd, given, at }: RaiseRow): CapRaise {
  return { id, cap, microUsd, ...decode<Given>(given), at };
}
