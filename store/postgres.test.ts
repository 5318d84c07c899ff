import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { probePart } from '../config/system-parts.ts';
import { has } from '../test/setup/needs.ts';
import type { StoreHome } from './suite/stores.ts';
import { newRun } from './suite/stores.ts';
import { describeStore } from './suite/suite.ts';
import { openSql } from './open.ts';
import { startPostgres, type TestServer } from './postgres/test-server.ts';

describe.skipIf(!has('postgres'))('the store on PostgreSQL', () => {
  let server: TestServer;
  beforeAll(async () => {
    const found = probePart('postgres', process.env);
    if (!found.present) throw new Error(found.why);
    server = await startPostgres(found.where);
  });
  afterAll(() => server.stop());

  const stores = describeStore(async (): Promise<StoreHome> => {
    const dir = await mkdtemp(join(tmpdir(), 'lamplighter-store-'));
    const url = await server.createDatabase();
    return {
      config: { kind: 'postgres', url },
      blobsDir: join(dir, 'blobs'),
      async remove() {
        await server.dropDatabase(url);
        await rm(dir, { recursive: true, force: true });
      },
    };
  });

  it('goes on once it has noticed that the server dropped its connections', async () => {
    const store = await stores.open();
    await store.runs.create(newRun('r'));
    const sql = await openSql(stores.home.config);
    await sql.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
    );
    await sql.close();
    // A query may still meet a dead connection, and fails then: to ask again is up to the caller, who knows what is safe to repeat.
    await vi.waitFor(async () => expect(await store.runs.get('r')).toMatchObject({ id: 'r' }));
  });

  it('a transaction whose connection is lost is an error to its caller, and nothing of it stays', async () => {
    const store = await stores.open();
    const sql = await openSql(stores.home.config);
    const cut = sql.transaction([], async (session) => {
      await session.query("INSERT INTO facts (key, value, at) VALUES ('fact/checks/half', '1', 1)");
      await sql.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()",
      );
      await session.query('SELECT 1');
    });
    await expect(cut).rejects.toThrow();
    expect(await store.control.fact('checks/half')).toBeNull();
    expect(await sql.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await sql.close();
  });
});
