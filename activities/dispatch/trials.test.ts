/** A trial in the lane: before the queue, beside the release of the same issue, held by what holds any spending. */
import { describe, expect, it } from 'vitest';
import { FRESH, type RunState } from '../../domain/stage.ts';
import {
  activitiesWith,
  newRun,
  labelled,
  move,
  now,
  record,
  store,
  useRig,
  watching,
  web,
} from '../../test/setup/tracker-rig.ts';

useRig();

async function tryIssue(issue: number, id = 'trial-1'): Promise<void> {
  const by = { name: 'ada', kind: 'person', scopes: [] } as const;
  await store.trials.ask({ id, repo: web.key, issue, title: 'one', by, at: now() });
}

async function kill(on: boolean): Promise<void> {
  await store.control.setKillSwitch({ on, by: 'ada', note: 'test', at: now() });
}

describe('a trial', () => {
  it('goes before the queue, and leaves the release of the same issue to a run of its own', async () => {
    const issue = await labelled(web, 'one');
    await tryIssue(issue);
    const activities = activitiesWith();
    await activities.pollRepos();
    const trial = await activities.openRun({ repoKey: web.key });
    expect(trial).toMatchObject({ issue, resume: { state: { progress: { trial: true } } } });
    const ended: RunState = {
      stage: 'ended',
      progress: { ...FRESH.progress, trial: true },
      outcome: 'tried',
      reason: 'r',
    };
    await record(trial?.runId ?? '', ended, []);

    expect(await activities.pollRepos()).toEqual({ poked: [web.key] });
    const run = await activities.openRun({ repoKey: web.key });
    expect([run?.issue, run?.runId === trial?.runId, run?.resume]).toEqual([issue, false, undefined]);
  });

  it('needs no label and waits for the lane that a frozen run holds; it is used up by one run', async () => {
    const holder = await newRun();
    await record(holder, watching, []);
    await move(holder, { kind: 'failed', reason: 'r' });
    expect((await store.runs.get(holder))?.state.stage).toBe('frozen');
    await tryIssue(1);
    const activities = activitiesWith({ allow: [] });
    expect((await activities.openRun({ repoKey: web.key }))?.runId).toBe(holder);

    await move(holder, { kind: 'abandon', by: 'ada', note: 'n' });
    const trial = await activities.openRun({ repoKey: web.key });
    expect((await store.runs.get(trial?.runId ?? ''))?.release).toBe('try/trial-1');
    await move(trial?.runId ?? '', { kind: 'cancel', by: 'ada', note: 'n' });
    expect(await activities.openRun({ repoKey: web.key })).toBeNull();
  });

  it('is held by the kill switch, which pokes no lane for it', async () => {
    await labelled(web, 'one', []);
    await tryIssue(1);
    await kill(true);
    expect(await activitiesWith().openRun({ repoKey: web.key })).toBeNull();
    expect(await activitiesWith().pollRepos()).toEqual({ poked: [] });
    await kill(false);
    expect(await activitiesWith().pollRepos()).toEqual({ poked: [web.key] });
  });

  it('says nothing on the issue, whatever it comes to', async () => {
    await tryIssue(await labelled(web, 'one'));
    const run = await activitiesWith().openRun({ repoKey: web.key });
    const effects = [
      ...(await move(run?.runId ?? '', { kind: 'accepted' })),
      ...(await move(run?.runId ?? '', { kind: 'failed', reason: 'the contract cannot be read' })),
    ];
    expect(effects).toEqual([{ do: 'release-slot' }]);
  });
});
