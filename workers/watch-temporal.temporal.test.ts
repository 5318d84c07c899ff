/** What the watchdog asks of Temporal, asked of a real one. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { has } from '../test/setup/needs.ts';
import { bundleWorkflows } from './workflow-bundle.ts';
import { provideNamespace } from './temporal.ts';
import { createTemporalLook } from './watch-temporal.ts';

const QUEUE = 'nobody-but-us';

describe.skipIf(!has('temporal'))('a look at Temporal', () => {
  let connection: Connection;
  let client: Client;
  beforeAll(async () => {
    connection = await Connection.connect({ address: inject('temporalAddress') });
    const namespace = `watch-${randomUUID()}`;
    await provideNamespace(connection, namespace);
    client = new Client({ connection, namespace });
  });
  afterAll(() => connection.close());

  const look = (id: string) => createTemporalLook(client, 60_000)([{ id, repo: `repo-${id}`, openings: 0 }]);
  const start = (id: string, type: string) =>
    client.workflow.start(type, { workflowId: `run/${id}`, taskQueue: QUEUE, args: [] });

  it('says which open run has no workflow, and leaves one that has alone', async () => {
    await start('there', 'issueRun');

    expect(await look('nowhere')).toEqual({ ok: true, stuck: [], gone: ['nowhere'] });
    expect(await look('there')).toEqual({ ok: true, stuck: [], gone: [] });
    await client.workflow.getHandle('run/there').terminate('the test is over');
    expect(await look('there')).toEqual({ ok: true, stuck: [], gone: ['there'] });
  });

  it('says whose workflow task fails again and again, at each look until it is mended', async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
    const native = await NativeConnection.connect({ address: inject('temporalAddress') });
    const worker = await Worker.create({
      connection: native,
      namespace: client.options.namespace,
      taskQueue: QUEUE,
      workflowBundle: await bundleWorkflows(null),
    });
    const running = worker.run();
    try {
      // As a release that cannot replay what an earlier one began.
      await start('stuck', 'noSuchWorkflow');
      const seen = await vi.waitFor(
        async () => {
          const now = await look('stuck');
          if (!now.ok || now.stuck.length === 0) throw new Error(JSON.stringify(now));
          return now;
        },
        { timeout: 60_000, interval: 200 },
      );

      expect(seen).toMatchObject({ gone: [], stuck: [{ workflow: 'run/stuck', run: 'stuck', repo: 'repo-stuck' }] });
      // Also between two attempts: it is one condition, not one an attempt.
      for (let again = 0; again < 20; again += 1)
        expect(await look('stuck')).toMatchObject({ stuck: [{ run: 'stuck' }] });
    } finally {
      worker.shutdown();
      await running;
      await native.close();
    }
  }, 90_000);

  it('asks about more runs than a look has time for in several looks, and never calls Temporal unreachable for it', async () => {
    const runs = Array.from({ length: 3_000 }, (_, at) => ({ id: `many-${at}`, repo: `repo-${at}`, openings: 1 }));
    const lookAtMany = createTemporalLook(client, 6_000);
    const asked: unknown[] = [];

    const last = await vi.waitFor(
      async () => {
        const now = await lookAtMany(runs);
        asked.push(now.ok ? now.partial : now.reason);
        if (!now.ok || now.gone.length < runs.length) throw new Error(JSON.stringify(asked));
        return now;
      },
      { timeout: 60_000, interval: 0 },
    );

    expect(last).toMatchObject({ ok: true, stuck: [] });
    expect(asked[0]).toMatchObject({ asked: expect.any(Number) as number, of: 9_000 });
  }, 70_000);

  it('says that nobody answers, which is an answer', async () => {
    const nobody = Connection.lazy({ address: '127.0.0.1:1' });
    const asked = await createTemporalLook(new Client({ connection: nobody }), 3_000)([]);
    await nobody.close();

    expect(asked).toMatchObject({ ok: false });
  }, 20_000);
});
