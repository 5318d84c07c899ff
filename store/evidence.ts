/** The index of evidence: a row for each piece, its body a blob, written before the row that cites it. */
import { createHash } from 'node:crypto';
import type { Blobs } from './blobs.ts';
import { appendEvent } from './events.ts';
import type { Subject } from '../domain/unit.ts';
import type { EvidenceIndex, EvidenceRow, NewEvidence } from './port.ts';
import { decode, encode, type Sql, type SqlSession } from './sql/sql.ts';

type Given = Omit<EvidenceRow, 'id' | 'unit' | 'digest' | 'bytes'>;

interface Row {
  readonly id: string;
  readonly unit: Subject;
  readonly digest: string;
  readonly bytes: number;
  readonly given: string;
}

export function createEvidenceIndex(sql: Sql, blobs: Blobs): EvidenceIndex {
  const get = async (id: string): Promise<EvidenceRow | null> => {
    const [row] = await sql.query<Row>('SELECT * FROM evidence WHERE id = ?', [id]);
    return row === undefined ? null : toEvidence(row);
  };
  return {
    async put({ body, ...given }) {
      const content = typeof body === 'string' ? Buffer.from(body) : body;
      const digest = await blobs.put(content);
      return sql.transaction([`evidence/${given.unit}`, `evidence-key/${given.key}`], (session) =>
        add(session, given, { digest, bytes: content.byteLength }),
      );
    },
    get,
    async body(id) {
      const row = await get(id);
      return row === null ? null : blobs.get(row.digest);
    },
    async list(unit) {
      const rows = await sql.query<Row>('SELECT * FROM evidence WHERE unit = ? ORDER BY position', [unit]);
      return rows.map(toEvidence);
    },
  };
}

async function add(
  session: SqlSession,
  given: Omit<NewEvidence, 'body'>,
  { digest, bytes }: { readonly digest: string; readonly bytes: number },
): Promise<EvidenceRow> {
  const [stands] = await session.query<Row>('SELECT * FROM evidence WHERE key = ?', [given.key]);
  if (stands !== undefined) return toEvidence(stands);
  const id = idOf(given.key);
  const { unit: _, ...kept } = given;
  await session.query(
    `INSERT INTO evidence (key, id, unit, position, digest, bytes, given)
     VALUES (?, ?, ?, (SELECT COALESCE(MAX(position), 0) + 1 FROM evidence WHERE unit = ?), ?, ?, ?)`,
    [given.key, id, given.unit, given.unit, digest, bytes, encode(kept)],
  );
  const { kind, verdict, summary, sha, at } = given;
  const data = { id, kind, verdict, summary, sha };
  await appendEvent(session, { at, subject: given.unit, kind: 'evidence.added', data });
  return { ...given, id, digest, bytes };
}

/** Made of the key, so that a link that was given out before a crash is the link after it. */
function idOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 24);
}

function toEvidence({ id, unit, digest, bytes, given }: Row): EvidenceRow {
  // Rows of before the units name their run here as well.
  const { key, kind, sha, verdict, summary, mediaType, at } = decode<Given>(given);
  return { key, unit, kind, sha, verdict, summary, mediaType, at, id, digest, bytes };
}
