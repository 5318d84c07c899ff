/**
 * How long rows stay that are no record: facts, by their families, and events, which tell of what other rows hold. What a run did (its
 * transitions, transcript, evidence, money, acts, effects) stays. A sweep drops all that is due, in batches that are short each.
 */
import { FACTS, type Keep } from './facts.ts';
import type { StoreJanitor, Swept } from './port.ts';
import type { Sql, SqlValue } from './sql/sql.ts';

const DAY_MS = 24 * 60 * 60_000;
/** After the end of the unit that they are of. */
export const UNIT_FACT_DAYS = 7;
export const EVENT_DAYS = 30;
/** Rows of one statement: others write in between. */
const BATCH = 1_000;
const FACT = 'fact/';
/** Names of facts of no family; more of them say nothing more. */
const MOST_STRANGE = 5;

/** No other row holds what they tell: where a run stood and when, what a person did, when a call was over. A reader finds a run's end. */
const RECORDS = [
  'run.stage',
  'token.created',
  'token.revoked',
  'kill-switch',
  'signal.refused',
  'escalation.settled',
] as const;

export function createStoreJanitor(sql: Sql): StoreJanitor {
  return {
    async sweep(at, signal): Promise<Swept> {
      const facts = await sweepFacts(sql, at, signal);
      return { facts, events: await sweepEvents(sql, at, signal), strange: await strangeFacts(sql) };
    },
  };
}

/** By families, so that a fact of none, as another release may have left it, stays and stops nothing. */
async function sweepFacts(sql: Sql, at: number, signal?: AbortSignal): Promise<number> {
  let dropped = 0;
  for (const [family, { keep }] of Object.entries(FACTS)) {
    if (keep === 'ever') continue;
    // The name of a unit's fact may say the kind of the unit before its id.
    const prefixes = keep === 'unit' ? [family, `${family}run/`] : [family];
    for (const prefix of prefixes) dropped += await inBatches(signal, () => dropFacts(sql, at, prefix, keep));
  }
  return dropped;
}

async function dropFacts(sql: Sql, at: number, prefix: string, keep: Exclude<Keep, 'ever'>): Promise<number> {
  const before = at - (keep === 'unit' ? UNIT_FACT_DAYS : keep.days) * DAY_MS;
  const begins = `${FACT}${prefix}`;
  const isOver = `AND EXISTS (SELECT 1 FROM runs WHERE id = ${unitAfter(begins)} AND ended_at < ?)`;
  // The outer condition is for one that is set again meanwhile: it stays.
  const gone = await sql.query(
    `DELETE FROM facts WHERE at < ? AND key IN
       (SELECT key FROM facts WHERE at < ? AND substr(key, 1, ${begins.length}) = ? ${keep === 'unit' ? isOver : ''} LIMIT ${BATCH})
     RETURNING key`,
    [before, before, begins, ...(keep === 'unit' ? [before] : [])],
  );
  return gone.length;
}

/** What stands between the prefix and the next slash, in the words that both databases have: all but slashes is trimmed to find it. */
function unitAfter(prefix: string): string {
  const rest = `substr(key, ${prefix.length + 1})`;
  return `substr(${rest}, 1, length(${rest}) - length(ltrim(${rest}, replace(${rest}, '/', ''))))`;
}

async function strangeFacts(sql: Sql): Promise<readonly string[]> {
  const known = Object.keys(FACTS).map((family) => `${FACT}${family}`);
  const isKnown = known.map((key) => (key.endsWith('/') ? `substr(key, 1, ${key.length}) = ?` : 'key = ?'));
  const rows = await sql.query<{ key: string }>(
    `SELECT key FROM facts WHERE substr(key, 1, ${FACT.length}) = ? AND NOT (${isKnown.join(' OR ')}) ORDER BY key LIMIT ${MOST_STRANGE}`,
    [FACT, ...known],
  );
  return rows.map(({ key }) => key.slice(FACT.length));
}

/** Each batch goes on behind the one before: what stays is looked at once. */
async function sweepEvents(sql: Sql, at: number, signal?: AbortSignal): Promise<number> {
  let behind = 0;
  return inBatches(signal, async () => {
    const params: SqlValue[] = [behind, at - EVENT_DAYS * DAY_MS, ...RECORDS];
    const gone = await sql.query<{ seq: number }>(
      `DELETE FROM events WHERE seq IN
         (SELECT seq FROM events WHERE seq > ? AND at < ? AND kind NOT IN (${RECORDS.map(() => '?').join(', ')}) AND NOT EXISTS
            (SELECT 1 FROM runs WHERE runs.ended_at IS NULL AND events.subject = 'run/' || runs.id)
          ORDER BY seq LIMIT ${BATCH})
       RETURNING seq`,
      params,
    );
    for (const { seq } of gone) behind = Math.max(behind, seq);
    return gone.length;
  });
}

async function inBatches(signal: AbortSignal | undefined, drop: () => Promise<number>): Promise<number> {
  for (let dropped = 0; ;) {
    if (signal?.aborted === true) return dropped;
    const gone = await drop();
    dropped += gone;
    if (gone < BATCH) return dropped;
  }
}
