import { describe, expect, it } from 'vitest';
import { LABELS } from '../../domain/issue.ts';
import { Outage } from '../../domain/outage.ts';
import type { RunState } from '../../domain/stage.ts';
import { FRESH } from '../../domain/stage.ts';
import type { RunRow } from '../../store/port.ts';
import type { Admission } from '../../workflows/ports.ts';
import { app, dataDir, newRun, now, record, store, trackerOf, useRig, web } from '../../test/setup/tracker-rig.ts';
import { createAdmission } from './admission.ts';

useRig();

const progress = { ...FRESH.progress, base: 'b', openings: 1 };
const IN_SESSION: RunState = { stage: 'implement', progress, brief: { kind: 'implement' } };
const PREPARING: RunState = { stage: 'prepare', progress, redBase: null, waiting: false };
const PUSHING: RunState = { stage: 'push', progress, head: 'h', mergeWith: null };

async function admit(runId: string, slots = 1): Promise<Admission> {
  const pool = async () => ({ slots, reserves: {} });
  return createAdmission({ store, issuesOf: trackerOf, pool, dataDir, now })(await rowOf(runId), 1_000);
}

async function rowOf(id: string): Promise<RunRow> {
  const row = await store.runs.get(id);
  if (row === null) throw new Error(`no run ${id}`);
  return row;
}

/** Of another repo, with the only slot there is. */
async function slotTaken(): Promise<void> {
  const about = { id: 'other', repo: app.key, repoName: app.name, issue: 1, title: 't', release: 'r' };
  const { bounds } = await rowOf(await newRun());
  await store.runs.create({ ...about, bounds, at: now() });
  await record('other', PREPARING, []);
  expect(await admit('other')).toEqual({ kind: 'admitted' });
}

describe('the admission of the work that is due', () => {
  it('is given while the label is on the open issue', async () => {
    expect(await admit(await newRun())).toEqual({ kind: 'admitted' });
  });

  it.each([
    ['closed', () => trackerOf(web.key).close(1), 'issue #1 was closed'],
    [
      'unlabelled',
      () => trackerOf(web.key).removeLabel(1, LABELS.ready, 'ada'),
      'issue #1 does not carry ready-for-agent any more',
    ],
    [
      'relabelled by somebody untrusted',
      () => trackerOf(web.key).applyLabel(1, LABELS.ready, 'eve'),
      'issue #1 was labelled ready-for-agent again by eve',
    ],
  ])('is refused before triage, a session and a push where the issue was %s', async (_case, act, reason) => {
    const runId = await newRun();
    await act();
    const withdrawn = { kind: 'withdrawn', reason: expect.stringContaining(reason) as string };
    expect(await admit(runId)).toEqual(withdrawn);
    await record(runId, IN_SESSION, []);
    expect(await admit(runId)).toEqual(withdrawn);
    await record(runId, PUSHING, []);
    expect(await admit(runId)).toEqual(withdrawn);
  });

  it('goes on when a trusted person took the label away and put it back', async () => {
    const runId = await newRun();
    await trackerOf(web.key).removeLabel(1, LABELS.ready, 'ada');
    await trackerOf(web.key).applyLabel(1, LABELS.ready, 'ada');
    expect(await admit(runId)).toEqual({ kind: 'admitted' });
  });

  it('is held while the kill switch is on, but a person is heard', async () => {
    const runId = await newRun();
    await store.control.setKillSwitch({ on: true, by: 'ada', note: '', at: 1 });
    expect(await admit(runId)).toEqual({ kind: 'held', by: 'the kill switch is on' });
    const by = { name: 'ada', kind: 'person', scopes: [] } as const;
    await store.acts.add({ id: 'a', run: runId, data: { kind: 'cancel' }, note: 'why', by, at: 2 });
    expect(await admit(runId)).toEqual({ kind: 'called-away' });
  });

  it('is held where all slots are taken, in the order of asking', async () => {
    await slotTaken();
    const [run] = await store.runs.list({ repo: web.key });
    const runId = run?.id ?? '';
    await record(runId, PREPARING, []);
    expect(await admit(runId)).toEqual({ kind: 'held', by: '0 ahead in the line for 1 slots' });
    await store.capacity.release('run/other');
    expect(await admit(runId)).toEqual({ kind: 'admitted' });
    expect(await admit(runId)).toEqual({ kind: 'admitted' });
    expect(await store.capacity.held()).toHaveLength(1);
  });

  describe('where the tracker', () => {
    const away = { read: async () => Promise.reject(new Error('the tracker is away')) };
    const hangs = { read: async () => new Promise<never>(() => undefined) };
    const pool = async () => ({ slots: 1, reserves: {} });
    const asked = async (runId: string, tracker: typeof away, readMs: number): Promise<Admission> =>
      createAdmission({ store, issuesOf: () => tracker, pool, dataDir, now })(await rowOf(runId), readMs);

    it('hangs, fails in time as an outage, and holds no slot meanwhile', async () => {
      const runId = await newRun();
      await record(runId, IN_SESSION, []);

      await expect(asked(runId, hangs, 20)).rejects.toThrow(Outage);
      expect(await store.capacity.held()).toEqual([]);
    });

    it('fails, gives back the slot that was granted for this, and keeps the one that it had', async () => {
      const runId = await newRun();
      await record(runId, IN_SESSION, []);
      await expect(asked(runId, away, 1_000)).rejects.toThrow('the tracker is away');
      expect(await store.capacity.held()).toEqual([]);
      expect(await admit(runId)).toEqual({ kind: 'admitted' });
      await expect(asked(runId, away, 1_000)).rejects.toThrow('the tracker is away');

      expect(await store.capacity.held()).toHaveLength(1);
    });
  });

  it('asks the tracker nothing while it waits for a slot', async () => {
    await slotTaken();
    const [run] = await store.runs.list({ repo: web.key });
    await record(run?.id ?? '', IN_SESSION, []);
    const asked: number[] = [];
    const trackers = () => ({ read: async (issue: number) => (asked.push(issue), null) });
    const pool = async () => ({ slots: 1, reserves: {} });
    const held = await createAdmission({ store, issuesOf: trackers, pool, dataDir, now })(
      await rowOf(run?.id ?? ''),
      1_000,
    );

    expect([held.kind, asked]).toEqual(['held', []]);
  });
});
