/** The one execution that reads the trackers, under a real Temporal with a real worker process: found at once, killed, ended, replaced. */
import { randomUUID } from 'node:crypto';
import { Client, Connection, ScheduleOverlapPolicy, type ScheduleDescription } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import type { Story } from '../../bench/crash/stories.ts';
import { REPO, setTable, type Table } from '../../bench/crash/table.ts';
import { startWorkerProcess, type WorkerProcess } from '../../bench/crash/worker-process.ts';
import { createTemporalCalls, POLLER_SCHEDULE, provideNamespace, type TemporalCalls } from '../../workers/temporal.ts';
import { has } from '../setup/needs.ts';
import { deleteSchedule } from '../setup/schedules.ts';

const HOUR = 3_600;

describe.skipIf(!has('temporal') || !has('bwrap'))('the poller', { timeout: 120_000 }, () => {
  let connection: Connection;
  let client: Client;
  let calls: TemporalCalls;
  let table: Table;
  let workers: WorkerProcess[];
  beforeEach(async () => {
    const temporal = {
      address: inject('temporalAddress'),
      namespace: `poller-${randomUUID()}`,
      webUrl: null,
      unattributedSignals: false,
    };
    connection = await Connection.connect({ address: temporal.address });
    await provideNamespace(connection, temporal.namespace);
    client = new Client({ connection, namespace: temporal.namespace });
    calls = createTemporalCalls(client);
    table = await setTable({ stories: [], temporal, heartbeatSeconds: 2 });
    workers = [];
  });
  afterEach(async () => {
    for (const worker of workers) {
      worker.kill();
      await worker.died;
    }
    await deleteSchedule(table.config.temporal);
    await connection.close();
    await table.close();
  });

  async function startWorker(pollSeconds: number): Promise<WorkerProcess> {
    const worker = startWorkerProcess({ ...table, config: { ...table.config, pollSeconds } }, { points: [] });
    workers.push(worker);
    await worker.ready;
    return worker;
  }

  const release = (title: string): Promise<number> => table.release({ name: title } as Story);
  /** In the queue, or a run already. */
  const found = (issue: number): Promise<void> =>
    vi.waitFor(
      async () => {
        const waiting = await table.store.queue.waiting(REPO.key);
        const runs = await table.store.runs.list({ repo: REPO.key });
        expect([...waiting, ...runs].map((one) => one.issue)).toContain(issue);
      },
      { timeout: 40_000, interval: 50 },
    );
  const schedule = (): Promise<ScheduleDescription> => client.schedule.getHandle(POLLER_SCHEDULE).describe();
  const open = async (): Promise<string[]> =>
    (await schedule()).info.runningActions.map(({ workflow }) => workflow.firstExecutionRunId);
  const oneIsOpen = (): Promise<string> =>
    vi.waitFor(
      async () => {
        const [id, second] = await open();
        if (id === undefined || second !== undefined) throw new Error('there is not one poller');
        return id;
      },
      { timeout: 10_000, interval: 50 },
    );

  it('is one execution that goes on looking, and a look that is asked for happens at once', async () => {
    await startWorker(HOUR);
    const id = await oneIsOpen();
    await vi.waitFor(async () => expect(await table.store.control.facts('poller')).toHaveLength(1));
    const issue = await release('asked for');
    await calls.pollNow();
    await found(issue);
    await Promise.all(Array.from({ length: 5 }, () => calls.pollNow()));

    expect(await open()).toEqual([id]);
    const [workflow] = (await schedule()).info.runningActions.map((one) => one.workflow.workflowId);
    const { historyLength } = await client.workflow.getHandle(workflow ?? '').describe();
    expect(historyLength).toBeLessThan(60);
  });

  it('whose worker is killed in the middle loses nothing: the next one looks at once, and goes on looking', async () => {
    const first = await startWorker(1);
    const id = await oneIsOpen();
    first.kill();
    await first.died;
    const issue = await release('while nobody looked');
    await startWorker(1);
    await found(issue);
    await found(await release('by the clock of the one that took over'));

    expect(await open()).toEqual([id]);
    expect(await table.store.runs.list({ repo: REPO.key, issue })).toHaveLength(1);
  });

  it('keeps no worker from its end, and is whoever serves then', async () => {
    const first = await startWorker(HOUR);
    const id = await oneIsOpen();
    await vi.waitFor(async () => expect(await table.store.control.facts('poller')).toHaveLength(1), {
      timeout: 10_000,
    });
    const second = await startWorker(1);
    const issue = await release('by the other one');
    first.stop();
    await first.died;
    await found(issue);
    await found(await release('by its clock'));

    expect([second.isAlive(), await open()]).toEqual([true, [id]]);
  });

  it('that was ended by hand is started again by the schedule, or by whoever asks for a look', async () => {
    await startWorker(HOUR);
    const id = await oneIsOpen();
    const [ended] = (await schedule()).info.runningActions.map((one) => one.workflow.workflowId);
    await client.workflow.getHandle(ended ?? '').terminate('by hand');
    const issue = await release('asked of nobody');
    await vi.waitFor(
      async () => {
        await calls.pollNow();
        expect(await open()).not.toContain(id);
      },
      { timeout: 10_000, interval: 100 },
    );
    await found(issue);
    expect((await schedule()).spec.intervals?.map(({ every }) => every)).toEqual([30_000]);
  });

  it('takes the place of the one that an older version ran each few seconds', async () => {
    await client.schedule.create({
      scheduleId: POLLER_SCHEDULE,
      spec: { intervals: [{ every: 1_000 }] },
      action: { type: 'startWorkflow', workflowType: 'issuePoller', taskQueue: 'control', workflowId: POLLER_SCHEDULE },
      policies: { overlap: ScheduleOverlapPolicy.SKIP },
    });
    await oneIsOpen();
    await startWorker(1);
    await found(await release('by the new one'));

    expect((await schedule()).spec.intervals?.map(({ every }) => every)).toEqual([30_000]);
    expect(await open()).toHaveLength(1);
  });
});
