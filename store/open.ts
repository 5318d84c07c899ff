import type { StoreConfig } from '../config/types.ts';
import { createActs } from './acts.ts';
import { createBlobs } from './blobs.ts';
import { createCheckouts } from './checkouts.ts';
import { createCapacity } from './capacity.ts';
import { createControl } from './control.ts';
import { createEffectLog } from './effects.ts';
import { createEscalations } from './escalations.ts';
import { createEvents } from './events.ts';
import { createEvidenceIndex } from './evidence.ts';
import { createLedger } from './ledger.ts';
import { migrate } from './migrations/migrate.ts';
import { openPostgres } from './postgres/open-postgres.ts';
import type { Store } from './port.ts';
import { createQueue } from './queue.ts';
import { createStoreJanitor } from './retention.ts';
import { createRuns } from './runs.ts';
import { createSessions } from './sessions.ts';
import type { Sql } from './sql/sql.ts';
import { createTokens } from './tokens.ts';
import { createTrials } from './trials.ts';
import { openSqlite } from './sqlite/open-sqlite.ts';

/** Opens the store and brings its schema up to date; several processes may do so at once. Throws when the schema is newer than this release. */
export async function openStore(config: StoreConfig, blobsDir: string): Promise<Store> {
  const sql = await openSql(config);
  try {
    await migrate(sql);
  } catch (error) {
    await sql.close();
    throw error;
  }
  return createStore(sql, blobsDir);
}

export async function openSql(config: StoreConfig): Promise<Sql> {
  return config.kind === 'sqlite' ? openSqlite(config.file) : openPostgres(config.url);
}

function createStore(sql: Sql, blobsDir: string): Store {
  return {
    runs: createRuns(sql),
    queue: createQueue(sql),
    trials: createTrials(sql),
    tokens: createTokens(sql),
    acts: createActs(sql),
    events: createEvents(sql),
    sessions: createSessions(sql),
    ledger: createLedger(sql),
    capacity: createCapacity(sql),
    checkouts: createCheckouts(sql),
    effects: createEffectLog(sql),
    evidence: createEvidenceIndex(sql, createBlobs(blobsDir)),
    escalations: createEscalations(sql),
    control: createControl(sql),
    janitor: createStoreJanitor(sql),
    close: () => sql.close(),
  };
}
