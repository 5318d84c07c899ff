/**
 * How long rows stay that are no record: facts, by their families, and events, which tell of what other rows hold. What a run did (its
 * transitions, transcript, evidence, money, acts, effects) stays. Each sweep looks at what is old enough only, a batch at a time.
 */
import { unitOfFact, familyOf } from './facts.ts';
import type { StoreJanitor, Swept } from './port.ts';
import type { Sql } from './sql/sql.ts';

const DAY_MS = 24 * 60 * 60_000;
/** After the end of the unit that they are of. */
export const UNIT_FACT_DAYS = 7;
export const EVENT_DAYS = 30;
/** One sweep; the next goes on where it ended. */
const MOST_ROWS = 5_000;
const FACT = 'fact/';

export function createStoreJanitor(sql: Sql): StoreJanitor {
  return {
    async sweep(at): Promise<Swept> {
      return { facts: await sweepFacts(sql, at), events: await sweepEvents(sql, at) };
    },
  };
}

async function sweepFacts(sql: Sql, at: number): Promise<number> {
  const old = await sql.query<{ key: string; at: number }>(
    `SELECT key, at FROM facts WHERE at < ? AND substr(key, 1, ${FACT.length}) = ? ORDER BY at LIMIT ${MOST_ROWS}`,
    [at - UNIT_FACT_DAYS * DAY_MS, FACT],
  );
  const isOver = endedBefore(sql, at - UNIT_FACT_DAYS * DAY_MS);
  let dropped = 0;
  for (const { key, at: setAt } of old) {
    const { keep } = familyOf(key.slice(FACT.length));
    if (keep === 'ever') continue;
    const isDue = keep === 'unit' ? await isOver(unitOfFact(key.slice(FACT.length))) : setAt < at - keep.days * DAY_MS;
    if (!isDue) continue;
    // Set again meanwhile: it stays.
    const gone = await sql.query('DELETE FROM facts WHERE key = ? AND at = ? RETURNING key', [key, setAt]);
    dropped += gone.length;
  }
  return dropped;
}

/** Of a run that is in the store. What is of nobody that we know stays. */
function endedBefore(sql: Sql, time: number): (run: string) => Promise<boolean> {
  const known = new Map<string, boolean>();
  return async (run) => {
    const before = known.get(run);
    if (before !== undefined) return before;
    const [row] = await sql.query('SELECT id FROM runs WHERE id = ? AND ended_at < ?', [run, time]);
    known.set(run, row !== undefined);
    return row !== undefined;
  };
}

/** Where a run stood stays with it: a reader who follows one from its first event finds its end. */
async function sweepEvents(sql: Sql, at: number): Promise<number> {
  const gone = await sql.query(
    `DELETE FROM events WHERE seq IN
       (SELECT seq FROM events WHERE at < ? AND kind <> 'run.stage' AND NOT EXISTS
          (SELECT 1 FROM runs WHERE runs.ended_at IS NULL AND events.subject = 'run/' || runs.id)
        ORDER BY seq LIMIT ${MOST_ROWS})
     RETURNING seq`,
    [at - EVENT_DAYS * DAY_MS],
  );
  return gone.length;
}
