import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BOUNDS } from '../../config/defaults.ts';
import { LABELS } from '../../domain/issue.ts';
import type { LocalTracker } from '../tracker/local/local.ts';
import {
  activitiesWith,
  app,
  dataDir,
  newRun,
  issueDir,
  labelled,
  move,
  now,
  store,
  trackerOf,
  trackers,
  useRig,
  web,
} from '../../test/setup/tracker-rig.ts';
import { runSubject, issueBudget } from '../../domain/unit.ts';

useRig();

describe('pollRepos', () => {
  it("queues what is eligible, in the lane's order, and pokes its lane", async () => {
    await labelled(web, 'one');
    await labelled(web, 'urgent', ['priority:1']);
    await trackerOf(web.key).add({ title: 'by nobody', body: '', labels: [LABELS.ready], by: 'eve' });

    expect(await activitiesWith().pollRepos()).toEqual({ poked: [web.key] });
    expect((await store.queue.waiting(web.key)).map((one) => one.title)).toEqual(['urgent', 'one']);
  });

  it('pokes again while work waits in a lane without a run: a lost poke heals (invariant 10)', async () => {
    await labelled(web, 'one');
    await labelled(web, 'two');
    const activities = activitiesWith();
    await activities.pollRepos();

    expect(await activities.pollRepos()).toEqual({ poked: [web.key] });
    await activities.openRun({ repoKey: web.key });
    await activities.pollRepos();
    expect(await activities.pollRepos()).toEqual({ poked: [] });
  });

  it.each([
    [
      'the kill switch row is on',
      async (): Promise<void> => store.control.setKillSwitch({ on: true, by: 'a', note: '', at: 1 }),
      {},
    ],
    ['the kill switch file is there', async (): Promise<void> => writeFileSync(join(dataDir, 'kill-switch'), ''), {}],
    ['nothing is allowed', async (): Promise<void> => undefined, { allow: [] }],
  ] as const)('queues nothing when %s (invariant 8)', async (_case, arrange, wiring) => {
    await labelled(web, 'one');
    await arrange();

    expect(await activitiesWith(wiring).pollRepos()).toEqual({ poked: [] });
    expect(await store.queue.waiting(web.key)).toEqual([]);
  });

  it('leaves word for the watchdog: when it has read all, and how many issues the kill switch alone holds', async () => {
    await labelled(web, 'one');
    await labelled(app, 'two');
    const word = async (): Promise<unknown> => (await store.control.facts('poller'))[0];
    await activitiesWith({ allow: [web.name] }).pollRepos();
    expect(await word()).toMatchObject({ value: { held: 0 }, at: expect.any(Number) as number });

    await store.control.setKillSwitch({ on: true, by: 'a', note: '', at: 1 });
    await activitiesWith({ allow: [web.name] }).pollRepos();
    expect(await word()).toMatchObject({ value: { held: 1 } });
  });

  it("a blocker that is open or can't be read blocks; a closed one does not", async () => {
    const tracker = trackerOf(web.key);
    for (const body of ['', '', '', 'Blocked by #1', 'Blocked by #2', 'Blocked by #3', 'Blocked by #99']) {
      await tracker.add({ title: 't', body, labels: body === '' ? [] : [LABELS.ready], by: 'ada' });
    }
    await tracker.close(2);
    writeFileSync(join(issueDir(web.key), '0003-t.md'), 'broken');

    await activitiesWith().pollRepos();
    expect((await store.queue.waiting(web.key)).map((one) => one.issue)).toEqual([5]);
  });

  it('a broken tracker stops no other, and is recorded when it breaks and when it heals', async () => {
    await labelled(app, 'one');
    const activities = activitiesWith();
    const whole = trackers.get(web.key) as LocalTracker;
    const readyIssues = (): Promise<never> => Promise.reject(new Error('connection refused'));
    trackers.set(web.key, { ...whole, reads: { ...whole.reads, readyIssues } });

    expect(await activities.pollRepos()).toEqual({ poked: [app.key] });
    await activities.pollRepos();
    trackers.set(web.key, whole);
    await labelled(web, 'one');
    expect((await activities.pollRepos()).poked).toContain(web.key);

    const kinds = (await store.events.after(0, { subject: `repo/${web.key}`, limit: 50 })).filter((event) =>
      event.kind.startsWith('tracker.'),
    );
    expect(kinds.map((event) => [event.kind, event.data])).toEqual([
      ['tracker.failed', { repo: web.name, reason: 'connection refused' }],
      ['tracker.recovered', { repo: web.name, reason: null }],
    ]);
  });

  it("a file that can't be read is recorded with its place", async () => {
    await labelled(web, 'one');
    writeFileSync(join(issueDir(web.key), '2.md'), 'broken');
    await activitiesWith().pollRepos();

    const events = await store.events.after(0, { subject: `repo/${web.key}`, limit: 50 });
    expect(events.find((event) => event.kind === 'issues.failed')?.data).toMatchObject({
      reason: expect.stringContaining('2.md:1:1') as string,
    });
  });
});

describe('opening a run', () => {
  it('gives the lane to the first in the queue; asked again, to the same run (invariants 1 and 2)', async () => {
    await labelled(web, 'one');
    await labelled(web, 'two');
    const activities = activitiesWith();
    await activities.pollRepos();

    const first = await activities.openRun({ repoKey: web.key });
    expect(first).toMatchObject({
      repoKey: web.key,
      repoName: web.name,
      issue: 1,
      title: 'one',
      bounds: BOUNDS,
      pageUrl: `http://h/runs/${first?.runId}`,
    });
    expect(first?.runId).toMatch(/^web-1-[0-9a-z]{7}$/);
    expect(await activities.openRun({ repoKey: web.key })).toEqual(first);
    expect(await store.runs.list({ repo: web.key })).toHaveLength(1);
  });

  it('a run that had moved is given back to go on, not to begin again', async () => {
    const runId = await newRun();
    await move(runId, { kind: 'accepted' });
    expect((await activitiesWith().openRun({ repoKey: web.key }))?.resume).toMatchObject({
      seq: 1,
      state: { stage: 'prepare' },
    });
  });

  it('reads the issue again: what was withdrawn since the poll is passed over', async () => {
    await labelled(web, 'one');
    await labelled(web, 'two');
    const activities = activitiesWith();
    await activities.pollRepos();
    await trackerOf(web.key).removeLabel(1, LABELS.ready, 'ada');

    expect((await activities.openRun({ repoKey: web.key }))?.issue).toBe(2);
  });

  it.each([
    ['of all repos', { total: { dayMicroUsd: 50, monthMicroUsd: 500 } }, null],
    ['of the repo', { repos: { [web.key]: { dayMicroUsd: 500, monthMicroUsd: 50 } } }, web.key],
  ])(
    'no run is opened while a cap %s is reached: the queue waits, and one person is called',
    async (_which, caps, repo) => {
      await labelled(web, 'one');
      await activitiesWith().pollRepos();
      await store.ledger.reserve({
        key: 'k',
        unit: runSubject('earlier'),
        repo: web.key,
        microUsd: 50,
        budget: { name: issueBudget(web.key, 9), microUsd: 50 },
        caps: [],
        at: now(),
      });
      const held = activitiesWith({ caps });

      expect(await held.openRun({ repoKey: web.key })).toBeNull();
      expect(await held.pollRepos()).toEqual({ poked: [] });
      expect((await store.queue.waiting(web.key)).map((one) => one.issue)).toEqual([1]);
      expect(await store.escalations.list({})).toMatchObject([{ repo, topic: 'cap-reached', severity: 'high' }]);
      expect(await store.control.fact(`tracker-failure/${web.key}`)).toBeNull();

      expect(await activitiesWith().pollRepos()).toEqual({ poked: [web.key] });
      expect((await activitiesWith().openRun({ repoKey: web.key }))?.issue).toBe(1);
    },
  );

  it("a repo whose own cap is reached holds nobody else's lane", async () => {
    await labelled(web, 'one');
    await labelled(app, 'two');
    const held = activitiesWith({ caps: { repos: { [web.key]: { dayMicroUsd: 0, monthMicroUsd: 500 } } } });

    expect(await held.pollRepos()).toEqual({ poked: [app.key] });
    expect((await held.openRun({ repoKey: app.key }))?.issue).toBe(1);
  });

  it('a run that holds its lane is given it also while a cap is reached: it is the model call that waits', async () => {
    const runId = await newRun();
    const held = activitiesWith({ caps: { total: { dayMicroUsd: 0, monthMicroUsd: 0 } } });
    expect((await held.openRun({ repoKey: web.key }))?.runId).toBe(runId);
  });

  it('is null when nothing waits, and when the kill switch came on meanwhile', async () => {
    const activities = activitiesWith();
    expect(await activities.openRun({ repoKey: web.key })).toBeNull();
    await labelled(web, 'one');
    await activities.pollRepos();
    await store.control.setKillSwitch({ on: true, by: 'ada', note: '', at: 1 });
    expect(await activities.openRun({ repoKey: web.key })).toBeNull();
  });

  it('after an end only a new application of the label runs again, the old never (invariant 2)', async () => {
    const runId = await newRun();
    await move(runId, { kind: 'cancel', by: 'ada', note: 'n' });
    const activities = activitiesWith();
    await activities.pollRepos();
    expect(await activities.openRun({ repoKey: web.key })).toBeNull();

    await trackerOf(web.key).applyLabel(1, LABELS.ready, 'ada');
    await activities.pollRepos();
    const again = await activities.openRun({ repoKey: web.key });
    expect(again?.issue).toBe(1);
    expect(again?.runId).not.toBe(runId);
  });
});
