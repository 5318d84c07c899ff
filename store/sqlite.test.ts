import { mkdtemp, rm } from 'node:fs/promises';
import { readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { Outage } from '../domain/outage.ts';
import type { StoreHome } from './suite/stores.ts';
import { newRun } from './suite/stores.ts';
import { describeStore } from './suite/suite.ts';

describe('the store on SQLite', () => {
  const stores = describeStore(makeHome);

  it('is a file for its owner alone, in WAL mode, whole by its own account, with nothing left beside it', async () => {
    const store = await stores.open();
    await store.runs.create(newRun('r'));
    const { config } = stores.home;
    if (config.kind !== 'sqlite') throw new Error('this is the SQLite suite');
    for (const name of readdirSync(dirname(config.file)).filter((one) => one.startsWith('store.db'))) {
      expect([name, statSync(join(dirname(config.file), name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    await store.close();
    expect(readdirSync(dirname(config.file))).toEqual(['store.db']);
    const database = new DatabaseSync(config.file, { readOnly: true });
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    database.close();
  });

  it(
    'another process that holds it for long is an outage, to be waited out; a statement that is wrong is none',
    { timeout: 30_000 },
    async () => {
      const store = await stores.open();
      const { config } = stores.home;
      if (config.kind !== 'sqlite') throw new Error('this is the SQLite suite');
      const other = new DatabaseSync(config.file);
      other.exec('BEGIN IMMEDIATE');
      await expect(store.runs.create(newRun('r'))).rejects.toThrow(Outage);
      other.exec('ROLLBACK');
      other.exec('ALTER TABLE runs RENAME TO elsewhere');
      other.close();
      const wrong = await store.runs.get('r').catch((error: unknown) => error);
      expect(wrong).toBeInstanceOf(Error);
      expect(wrong).not.toBeInstanceOf(Outage);
      await store.close();
    },
  );

  it('what is asked after the close is an error, not a wait', async () => {
    const store = await stores.open();
    await store.close();
    await expect(store.runs.get('r')).rejects.toThrow('is closed');
    await store.close();
  });
});

async function makeHome(): Promise<StoreHome> {
  const dir = await mkdtemp(join(tmpdir(), 'lamplighter-store-'));
  return {
    config: { kind: 'sqlite', file: join(dir, 'data', 'store.db') },
    blobsDir: join(dir, 'blobs'),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
