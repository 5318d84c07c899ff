/** Executions of an older shape, on a real Temporal that no worker polls. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { noCrash, type CrashPoint } from '../activities/effects/crash-point.ts';
import { DEFAULT_BOUNDS } from '../domain/bounds.ts';
import { SHAPE } from '../domain/shape.ts';
import { FRESH } from '../domain/stage.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/port.ts';
import { has } from '../test/setup/needs.ts';
import { createEngine } from './engine.ts';
import { createTemporalCalls, provideNamespace } from './temporal.ts';
import { bringToShape } from './upgrade.ts';

const QUEUE = 'nobody-polls';

describe.skipIf(!has('temporal'))('an upgrade of what is open', () => {
  let connection: Connection;
  let client: Client;
  let dir: string;
  let store: Store;
  beforeAll(async () => {
    connection = await Connection.connect({ address: inject('temporalAddress') });
  });
  afterAll(() => connection.close());
  beforeEach(async () => {
    const namespace = `upgrade-${randomUUID()}`;
    await provideNamespace(connection, namespace);
    client = new Client({ connection, namespace });
    dir = await mkdtemp(join(tmpdir(), 'upgrade-'));
    store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
    const about = { id: 'one', repo: 'shop', repoName: 'acme/shop', issue: 1, title: 'Prices', release: 'one' };
    await store.runs.create({ ...about, bounds: DEFAULT_BOUNDS, at: 1 });
  });
  afterEach(async () => {
    await store.close();
    await rm(dir, { recursive: true });
  });

  const upgrade = (crash: CrashPoint = noCrash): Promise<void> => {
    const config = {
      executor: { kind: 'builtin' },
      heartbeatSeconds: 5,
      api: { publicUrl: 'http://h' },
      temporal: { webUrl: null },
    } as never;
    const engine = createEngine({ store, calls: createTemporalCalls(client), config });
    const recover = (): ReturnType<typeof engine.recover> => engine.recover();
    return bringToShape({ store, client, recover, crash, say: () => undefined, now: Date.now });
  };
  const start = (type: string, workflowId: string): Promise<unknown> =>
    client.workflow.start(type, { workflowId, taskQueue: QUEUE, args: [] });
  const standing = async (id: string): Promise<readonly [string, unknown, string]> => {
    const { status, memo, runId } = await client.workflow.getHandle(id).describe();
    return [status.name, memo, runId];
  };

  it('ends runs, sessions, lanes and polls of an older shape, and rebuilds run and lane as ones of this', async () => {
    await start('issueRun', 'run/one');
    await start('agentSession', 'session/one/1');
    await start('repoLane', 'lane/shop');
    await start('issuePoller', 'poll');
    await start('somebodyElses', 'stranger');
    await upgrade();

    const shape = { shape: SHAPE };
    expect((await standing('run/one')).slice(0, 2)).toEqual(['RUNNING', shape]);
    expect((await standing('lane/shop')).slice(0, 2)).toEqual(['RUNNING', shape]);
    expect((await standing('session/one/1'))[0]).toBe('TERMINATED');
    expect((await standing('poll'))[0]).toBe('TERMINATED');
    expect((await standing('stranger'))[0]).toBe('RUNNING');
    expect(await store.control.fact('shape')).toEqual(shape);
  });

  it('done again, as after a death before the shape was written, leaves what is rebuilt alone', async () => {
    await start('issueRun', 'run/one');
    await upgrade();
    const [, , rebuilt] = await standing('run/one');
    await store.control.setFact('shape', null, 2);
    await upgrade();

    expect(await standing('run/one')).toEqual(['RUNNING', { shape: SHAPE }, rebuilt]);
  });

  it('of two workers that start at once neither undoes what the other rebuilt', async () => {
    await start('issueRun', 'run/one');
    await Promise.all([upgrade(), upgrade()]);

    const shapes: unknown[] = [];
    for await (const one of client.workflow.list({ query: 'WorkflowId = "run/one"' }))
      shapes.push([one.status.name, one.memo?.['shape'] ?? null]);
    expect(shapes).toHaveLength(2);
    expect(shapes).toEqual(
      expect.arrayContaining([
        ['RUNNING', SHAPE],
        ['TERMINATED', null],
      ]),
    );
  });

  describe('a run that has ended, and whose issue has not been told', () => {
    beforeEach(async () => {
      const state = { ...FRESH, stage: 'ended', outcome: 'shipped', reason: 'live' } as const;
      await store.runs.transition('one', { seq: 1, state, effects: [{ do: 'close' }], cause: 'green', at: 2 });
    });

    it('is rebuilt to do what it owes', async () => {
      await start('issueRun', 'run/one');
      await upgrade();

      expect((await standing('run/one')).slice(0, 2)).toEqual(['RUNNING', { shape: SHAPE }]);
    });

    it('of a release that did not keep what is owed, is rebuilt also after a death between its two executions', async () => {
      await store.runs.settled('one');
      await start('issueRun', 'run/one');
      const dies = (point: string): void => {
        if (point === 'upgrade.ended') throw new Error('killed');
      };
      await expect(upgrade(dies)).rejects.toThrow('killed');
      expect((await standing('run/one'))[0]).toBe('TERMINATED');
      await upgrade();

      expect((await standing('run/one')).slice(0, 2)).toEqual(['RUNNING', { shape: SHAPE }]);
    });
  });

  it('refuses a store that a newer Lamplighter has brought further, and says what to do', async () => {
    await start('issueRun', 'run/one');
    const before = await standing('run/one');
    await store.control.setFact('shape', { shape: SHAPE + 1 }, 2);

    await expect(upgrade()).rejects.toThrow(`shape ${SHAPE + 1} by a newer Lamplighter`);
    expect(await standing('run/one')).toEqual(before);
  });
});
