import { appendEvent } from './events.ts';
import type { EscalationRow, Escalations } from './port.ts';
import { decode, encode, type Sql, type SqlSession, type SqlValue } from './sql/sql.ts';
import { subjectAbout } from '../domain/unit.ts';

type Given = Pick<EscalationRow, 'severity' | 'topic' | 'decision'>;

interface Row {
  readonly key: string;
  readonly run: string | null;
  readonly repo: string | null;
  readonly given: string;
  readonly at: number;
  readonly delivered_at: number | null;
}

export function createEscalations(sql: Sql): Escalations {
  return {
    raise: (escalation) =>
      sql.transaction([`escalation/${escalation.key}`], async (session) => ({
        raised: await raise(session, escalation),
      })),

    async delivered(key, at) {
      await sql.query('UPDATE escalations SET delivered_at = ? WHERE key = ? AND delivered_at IS NULL', [at, key]);
    },

    async list({ run, undelivered }) {
      const where: string[] = [];
      const params: SqlValue[] = [];
      if (run !== undefined) {
        where.push('run = ?');
        params.push(run);
      }
      if (undelivered !== undefined) where.push(undelivered ? 'delivered_at IS NULL' : 'delivered_at IS NOT NULL');
      const rows = await sql.query<Row>(
        `SELECT * FROM escalations ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`} ORDER BY at, key`,
        params,
      );
      return rows.map(toEscalation);
    },
  };
}

async function raise(session: SqlSession, escalation: Omit<EscalationRow, 'deliveredAt'>): Promise<boolean> {
  const { key, run, repo, severity, topic, decision, at } = escalation;
  const given: Given = { severity, topic, decision };
  const written = await session.query(
    'INSERT INTO escalations (key, run, repo, given, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING RETURNING key',
    [key, run, repo, encode(given), at],
  );
  if (written.length === 0) return false;
  const data = { key, run, repo, severity, topic, decision };
  await appendEvent(session, { at, subject: subjectAbout(escalation), kind: 'escalation.raised', data });
  return true;
}

function toEscalation(row: Row): EscalationRow {
  const { key, run, repo, at } = row;
  return { key, run, repo, ...decode<Given>(row.given), at, deliveredAt: row.delivered_at };
}
