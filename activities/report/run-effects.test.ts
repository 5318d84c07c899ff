import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LABELS } from '../../domain/issue.ts';
import type { RunEffect } from '../../domain/stage.ts';
import type { CrashPoint } from '../effects/crash-point.ts';
import type { LocalTracker } from '../tracker/local/local.ts';
import {
  activitiesWith,
  dataDir,
  newRun,
  issueDir,
  move,
  now,
  record,
  settle,
  store,
  trackerOf,
  trackers,
  useRig,
  watching,
  web,
} from '../../test/setup/tracker-rig.ts';
import { runSubject } from '../../domain/unit.ts';

useRig();

const called = async (run: string): Promise<string[]> =>
  (await store.escalations.list({ run })).map((one) => one.topic);

describe('the effects of a run', () => {
  it('a shipped run: receipt, labels gone, issue closed, people told', async () => {
    const runId = await newRun();
    await record(runId, watching, []);
    const activities = activitiesWith();
    await settle(activities, runId);
    await move(runId, { kind: 'green', proven: ['build', 'deploy', 'health'] });
    await settle(activities, runId);

    const comments = await trackerOf(web.key).comments(1);
    expect(await trackerOf(web.key).read(1)).toMatchObject({ state: 'closed', labels: [] });
    expect(comments).toHaveLength(1);
    expect(comments[0]?.text).toContain('| outcome | shipped |');
    expect(await called(runId)).toEqual(['shipped']);
    expect(await store.capacity.held()).toEqual([]);
  });

  it('a run that needs a person claims that nothing was pushed only where no push is unsettled', async () => {
    const runId = await newRun();
    await store.effects.begin({ key: 'push/x', name: 'push', class: 'provable', unit: runSubject(runId), at: 1 });
    await move(runId, { kind: 'failed', reason: 'the push was tried for 60 minutes' });
    await settle(activitiesWith(), runId);

    const texts = (await trackerOf(web.key).comments(1)).map((one) => one.text).join('\n');
    expect(texts).toContain('it is not known whether its push reached main');
    expect(texts).toContain('| sha | not known to be pushed |');
    expect(texts).not.toContain('nothing was pushed');
  });

  it('the receipt is there before the issue is closed', async () => {
    const runId = await newRun();
    await record(runId, watching, []);
    const effects = await move(runId, { kind: 'green', proven: ['build', 'deploy', 'health'] });
    const tracker = trackers.get(web.key) as LocalTracker;
    let receiptAtClose = '';
    const close = async (number: number): Promise<void> => {
      receiptAtClose = (await tracker.desk.comments(number)).map((one) => one.text).join('\n');
      await tracker.writes.close(number);
    };
    trackers.set(web.key, { ...tracker, writes: { ...tracker.writes, close } });

    await activitiesWith().performRunEffect({
      runId,
      seq: 2,
      index: effects.findIndex((effect) => effect.do === 'close'),
    });
    expect(receiptAtClose).toContain('| outcome | shipped |');
  });

  it('repeated after any death, each effect is there once (invariant 5)', async () => {
    const runId = await newRun();
    await record(runId, watching, []);
    await move(runId, { kind: 'failed', reason: 'no answer' });
    // A death is a throw here: what counts is that nothing after the point was written.
    const points = ['label.before', 'label.after', 'comment.before', 'comment.after', 'phases.before', 'phases.after'];
    for (const point of points) {
      const crash: CrashPoint = (name) => {
        if (name === point) throw new Error(`died at ${point}`);
      };
      await expect(settle(activitiesWith({ crash }), runId), point).rejects.toThrow(`died at ${point}`);
      expect(
        (await store.effects.list(runSubject(runId))).some((effect) => !effect.done),
        point,
      ).toBe(true);
    }
    await settle(activitiesWith(), runId);
    await settle(activitiesWith(), runId);

    const tracker = trackerOf(web.key);
    const texts = (await tracker.comments(1)).map((one) => one.text);
    expect(texts.filter((text) => text.includes(':frozen:'))).toHaveLength(1);
    expect(texts.filter((text) => text.includes(':phases -->'))).toHaveLength(1);
    expect((await tracker.read(1))?.labelEvents.filter((event) => event.label === LABELS.human)).toHaveLength(1);
    expect(await called(runId)).toEqual(['frozen']);
  });

  it('an issue that a person removed stops nothing', async () => {
    const runId = await newRun();
    rmSync(issueDir(web.key), { recursive: true });
    await move(runId, { kind: 'failed', reason: 'r' });
    await settle(activitiesWith(), runId);
    expect(existsSync(issueDir(web.key))).toBe(false);
    expect(await called(runId)).toEqual(['needs-human']);
  });

  it('with the kill switch on nothing is written to the tracker, but people are called and the slot is given back', async () => {
    const runId = await newRun();
    await store.capacity.acquire(runSubject(runId), { slots: 2, reserves: {} }, now());
    const effects = await move(runId, { kind: 'failed', reason: 'r' });
    writeFileSync(join(dataDir, 'kill-switch'), '');

    const perform = (what: RunEffect['do']): Promise<void> =>
      activitiesWith().performRunEffect({ runId, seq: 1, index: effects.findIndex((effect) => effect.do === what) });
    await perform('release-slot');
    await perform('escalate');
    await expect(perform('label')).rejects.toThrow('kill switch');
    await expect(perform('comment')).rejects.toThrow('kill switch');
    expect(await called(runId)).toEqual(['needs-human']);
    expect(await store.capacity.held()).toEqual([]);
    expect((await trackerOf(web.key).read(1))?.labels).toEqual([LABELS.ready]);
  });

  it('an attempt that comes after the next transition changes nothing', async () => {
    const runId = await newRun();
    await move(runId, { kind: 'failed', reason: 'r' });
    await expect(activitiesWith().performRunEffect({ runId, seq: 7, index: 0 })).rejects.toThrow('owes no effect');
    await activitiesWith().performRunEffect({ runId, seq: 0, index: 0 });
    expect(await store.effects.list(runSubject(runId))).toEqual([]);
  });
});

describe('publishPhases', () => {
  it('edits its one comment in place, and only when the text changed', async () => {
    const runId = await newRun();
    const activities = activitiesWith();
    await activities.publishPhases({ runId });
    await activities.publishPhases({ runId });
    const edits = async (): Promise<number> =>
      (await store.effects.list(runSubject(runId))).filter((effect) => effect.name === 'phases-edit').length;
    expect(await edits()).toBe(0);

    await record(runId, watching, []);
    await activities.publishPhases({ runId });
    await activities.publishPhases({ runId });
    expect(await edits()).toBe(1);
    expect((await trackerOf(web.key).comments(1)).map((one) => one.text.includes('Lamplighter: watch'))).toEqual([
      true,
    ]);
  });

  it.each(['phases-edit.before', 'phases-edit.after'])(
    'an edit cut at %s is settled by the next, also when the text has changed since (invariant 5)',
    async (point) => {
      const runId = await newRun();
      await activitiesWith().publishPhases({ runId });
      const crash: CrashPoint = (name) => {
        if (name === point) throw new Error('died');
      };
      await record(runId, watching, []);
      await expect(activitiesWith({ crash }).publishPhases({ runId })).rejects.toThrow('died');
      await activitiesWith().publishPhases({ runId });
      await record(runId, { stage: 'verify', progress: watching.progress, head: 'def', redBase: null }, []);
      await expect(activitiesWith({ crash }).publishPhases({ runId })).rejects.toThrow('died');
      await move(runId, { kind: 'failed', reason: 'r' });
      await activitiesWith().publishPhases({ runId });

      const edits = (await store.effects.list(runSubject(runId))).filter((effect) => effect.name === 'phases-edit');
      expect(edits).toHaveLength(3);
      expect(edits.filter((effect) => !effect.done)).toEqual([]);
    },
  );
});
