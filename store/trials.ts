/** Trials wait for their lane like releases, and are used up by the run that they name. */
import { trialRelease } from '../domain/run.ts';
import type { TrialRow, Trials } from './port.ts';
import { decode, encode, type Sql } from './sql/sql.ts';

interface Row {
  readonly id: string;
  readonly repo: string;
  readonly issue: number;
  readonly given: string;
  readonly at: number;
}

type Given = Pick<TrialRow, 'title' | 'by'>;

export function createTrials(sql: Sql): Trials {
  return {
    async ask({ id, repo, issue, at, title, by }) {
      const given: Given = { title, by };
      await sql.query(
        'INSERT INTO trials (id, repo, issue, given, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
        [id, repo, issue, encode(given), at],
      );
      const [stands] = await sql.query<Row>('SELECT * FROM trials WHERE id = ?', [id]);
      if (stands === undefined) throw new Error(`trial ${id} is not there right after it was written`);
      return toTrial(stands);
    },

    async waiting(repo) {
      const rows = await sql.query<Row>(
        `SELECT * FROM trials WHERE repo = ? AND NOT EXISTS
           (SELECT 1 FROM runs WHERE runs.repo = trials.repo AND runs.release_id = ? || trials.id)
         ORDER BY at, id`,
        [repo, trialRelease('')],
      );
      return rows.map(toTrial);
    },
  };
}

function toTrial({ id, repo, issue, given, at }: Row): TrialRow {
  return { id, repo, issue, at, ...decode<Given>(given) };
}
