/** A run's move as one activity: the record, what it owes, and what comes next. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { FRESH, type RunEffect, type RunState } from '../../domain/stage.ts';
import type { ControlActivities, Moved } from '../../workflows/ports.ts';
import { activitiesWith, newRun, now, store, trackerOf, useRig, watching, web } from '../../test/setup/tracker-rig.ts';
import { runSubject } from '../../domain/unit.ts';
import { createMoveActivities, type MoveDeps } from './move.ts';

useRig();

const LABEL: RunEffect = { do: 'label', add: ['agent-in-progress'], remove: [] };
const CALL: RunEffect = { do: 'escalate', severity: 'high', topic: 'frozen', decision: 'look' };
const ended: RunState = { ...watching, stage: 'ended', outcome: 'shipped', reason: 'live' } as RunState;

function move(
  input: Parameters<ControlActivities['recordTransition']>[0],
  deps: Partial<MoveDeps> = {},
): Promise<Moved> {
  const { recordTransition } = createMoveActivities({
    store,
    report: activitiesWith(),
    admit: async () => ({ kind: 'admitted' }),
    tellLane: async () => undefined,
    effectMs: 15_000,
    now,
    ...deps,
  });
  return new MockActivityEnvironment().run(recordTransition, input) as Promise<Moved>;
}

const to = (runId: string, state: RunState, effects: readonly RunEffect[]) =>
  ({ runId, seq: 1, state, effects, cause: 'test' }) as const;

describe('a move', () => {
  it('is recorded, what it owes is done, the phase comment is there, and the work that is due is admitted', async () => {
    const runId = await newRun();

    expect(await move(to(runId, watching, [LABEL]))).toEqual({
      recorded: true,
      acts: false,
      admission: { kind: 'admitted' },
    });
    expect((await store.runs.get(runId))?.state.stage).toBe('watch');
    expect((await trackerOf(web.key).read(1))?.labels).toContain('agent-in-progress');
    expect(await trackerOf(web.key).comments(1)).toHaveLength(1);
  });

  it('done again, as after a death, does nothing twice', async () => {
    const runId = await newRun();
    await move(to(runId, watching, [LABEL, CALL]));
    await move(to(runId, watching, [LABEL, CALL]));

    expect(await trackerOf(web.key).comments(1)).toHaveLength(1);
    expect(await store.escalations.list({ run: runId })).toHaveLength(1);
    expect((await store.effects.list(runSubject(runId))).filter(({ repeated }) => repeated)).toEqual([]);
  });

  it('one effect that cannot be done for now holds none of the others', async () => {
    const runId = await newRun();
    await store.control.setKillSwitch({ on: true, by: 'ada', note: '', at: 1 });
    await store.capacity.acquire(runSubject(runId), { slots: 1, reserves: {} }, 1);

    await expect(move(to(runId, watching, [LABEL, { do: 'release-slot' }, CALL]))).rejects.toThrow(
      'the kill switch is on',
    );
    expect(await store.capacity.held()).toEqual([]);
    expect(await store.escalations.list({ run: runId })).toHaveLength(1);
  });

  it('of several failures says the one that is no known wait', async () => {
    const runId = await newRun();
    await store.control.setKillSwitch({ on: true, by: 'ada', note: '', at: 1 });
    const report = activitiesWith();
    const failing = {
      ...report,
      performRunEffect: async (owed: Parameters<typeof report.performRunEffect>[0]) => {
        if (owed.index === 1) throw new Error('the disk is full');
        await report.performRunEffect(owed);
      },
    };

    await expect(move(to(runId, watching, [LABEL, CALL]), { report: failing })).rejects.toThrow('the disk is full');
  });

  it('that comes too late settles and admits nothing', async () => {
    const runId = await newRun();
    await move(to(runId, { ...FRESH, stage: 'triage' }, []));
    await move({ ...to(runId, watching, []), seq: 2 });
    const late = await move(to(runId, { ...FRESH, stage: 'triage' }, []));

    expect(late.admission).toBeNull();
  });

  it('stands also where nobody can say whether the next work may begin: it is asked for apart', async () => {
    const runId = await newRun();
    const admit = async () => Promise.reject(new Error('the tracker is away'));

    expect(await move(to(runId, watching, []), { admit })).toEqual({ recorded: true, acts: false, admission: null });
  });

  it('whose effect hangs does the others, and fails in time with its name', async () => {
    const runId = await newRun();
    const report = activitiesWith();
    const hanging = {
      ...report,
      performRunEffect: async (owed: Parameters<typeof report.performRunEffect>[0]) =>
        owed.index === 0 ? new Promise<never>(() => undefined) : report.performRunEffect(owed),
    };

    await expect(move(to(runId, watching, [LABEL, CALL]), { report: hanging, effectMs: 100 })).rejects.toThrow(
      `label of run ${runId} has not ended after 0.1 s`,
    );
    expect(await store.escalations.list({ run: runId })).toHaveLength(1);
  });

  it('whose phase comment hangs fails in time', async () => {
    const runId = await newRun();
    const hanging = { ...activitiesWith(), publishPhases: async () => new Promise<never>(() => undefined) };

    await expect(move(to(runId, watching, []), { report: hanging, effectMs: 100 })).rejects.toThrow('phase comment');
  });

  it('waits for the issue no longer than five seconds', async () => {
    const runId = await newRun();
    const waited: number[] = [];
    const admit: MoveDeps['admit'] = async (_run, readMs) => {
      waited.push(readMs);
      return { kind: 'admitted' };
    };
    await move(to(runId, watching, []), { admit });

    expect(waited).toEqual([5_000]);
  });

  it('to the end is owed until all of it is done', async () => {
    const runId = await newRun();
    const owing = async (): Promise<string[]> => (await store.runs.list({ owing: true })).map(({ id }) => id);
    await store.control.setKillSwitch({ on: true, by: 'ada', note: '', at: 1 });
    await expect(move(to(runId, ended, [LABEL]))).rejects.toThrow('the kill switch is on');
    expect(await owing()).toEqual([runId]);
    await store.control.setKillSwitch({ on: false, by: 'ada', note: '', at: 2 });
    await move(to(runId, ended, [LABEL]));

    expect(await owing()).toEqual([]);
  });

  it('to the end tells the lane, and does not mind that nobody hears', async () => {
    const runId = await newRun();
    const told: string[] = [];
    const tellLane = async (repo: string, run: string) => {
      told.push(`${repo} ${run}`);
      throw new Error('no such lane');
    };

    expect((await move(to(runId, ended, []), { tellLane })).recorded).toBe(true);
    expect(told).toEqual([`${web.key} ${runId}`]);
  });
});
