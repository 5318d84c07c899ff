import { describe, expect, it } from 'vitest';
import type { CreateRun, QueuedRelease } from '../port.ts';
import { concurrently, eventsOf, newRun, PREPARING, SHIPPED, type Stores } from './stores.ts';

const winners = (answers: readonly CreateRun[]): string[] =>
  answers.flatMap((answer) => (answer.created ? [answer.run.id] : []));

export function describeUniqueRuns(stores: Stores): void {
  describe('starting a run', () => {
    it('one release starts one run, out of fifty that try at once in two processes (invariant 2)', async () => {
      const pair = await stores.pair();
      const answers = await concurrently(pair, 50, (store, index) =>
        store.runs.create(newRun(`run-${index}`, { release: 'the-one' })),
      );
      const [winner, ...others] = winners(answers);
      expect(others).toEqual([]);
      const refused = answers.filter((answer) => !answer.created);
      expect(refused).toHaveLength(49);
      for (const answer of refused) expect(answer).toEqual({ created: false, why: 'release-used', by: winner });
      expect(await pair[0].runs.list({})).toHaveLength(1);
      expect(await eventsOf(pair[1], `run/${winner}`, 'run.created')).toHaveLength(1);
    });

    it('a repo has one open run, out of fifty releases that try at once in two processes (invariant 1)', async () => {
      const pair = await stores.pair();
      const answers = await concurrently(pair, 50, (store, index) => store.runs.create(newRun(`run-${index}`)));
      const [winner, ...others] = winners(answers);
      expect(others).toEqual([]);
      for (const answer of answers.filter((one) => !one.created)) {
        expect(answer).toEqual({ created: false, why: 'lane-held', by: winner });
      }
    });

    it('repos do not wait for each other: each gets its run', async () => {
      const pair = await stores.pair();
      const answers = await concurrently(pair, 20, (store, index) =>
        store.runs.create(newRun(`run-${index}`, { repo: `repo-${index}`, release: 'same-name' })),
      );
      expect(winners(answers)).toHaveLength(20);
    });

    it('the end of a run frees the lane, and its release stays used for ever', async () => {
      const store = await stores.open();
      await store.runs.create(newRun('first'));
      await store.runs.transition('first', { seq: 1, state: SHIPPED, effects: [], cause: 'green', at: 1_500 });
      expect(await store.runs.create(newRun('again', { release: 'release-first' }))).toEqual({
        created: false,
        why: 'release-used',
        by: 'first',
      });
      expect(await store.runs.create(newRun('second'))).toMatchObject({ created: true });
      expect(await store.runs.usedReleases('alpha')).toEqual(new Set(['release-first', 'release-second']));
      expect(await store.runs.usedReleases('beta')).toEqual(new Set());
    });
  });
}

export function describeTransitions(stores: Stores): void {
  describe('transitions of a run', () => {
    const accepted = {
      seq: 1,
      state: PREPARING,
      effects: [{ do: 'close' }],
      cause: 'accepted',
      at: 1_100,
    } as const;

    const plan = { acceptanceCriteria: ['it counts up'], testPlan: 'count', risks: [] };

    it('move the run, and keep what they owe, the plan and the outcome', async () => {
      const store = await stores.open();
      await store.runs.create(newRun('r'));
      await store.runs.setPlan('r', plan);
      await store.runs.transition('r', accepted);
      expect(await store.runs.get('r')).toMatchObject({
        seq: 1,
        state: PREPARING,
        effects: [{ do: 'close' }],
        plan,
        outcome: null,
        createdAt: 1_000,
        updatedAt: 1_100,
        endedAt: null,
      });
      await store.runs.transition('r', { seq: 2, state: SHIPPED, effects: [], cause: 'green', at: 1_200 });
      expect(await store.runs.get('r')).toMatchObject({ plan, outcome: 'shipped', endedAt: 1_200 });
      const rows = await store.runs.transitions('r');
      expect(rows.map(({ seq, stage, cause }) => [seq, stage, cause])).toEqual([
        [0, 'triage', 'created'],
        [1, 'prepare', 'accepted'],
        [2, 'ended', 'green'],
      ]);
      expect((await eventsOf(store, 'run/r', 'run.stage')).map((row) => row.data)).toEqual([
        { seq: 1, stage: 'prepare', cause: 'accepted', state: PREPARING },
        { seq: 2, stage: 'ended', cause: 'green', state: SHIPPED },
      ]);
    });

    it('are recorded once, however often and from wherever they are repeated', async () => {
      const pair = await stores.pair();
      await pair[0].runs.create(newRun('r'));
      await concurrently(pair, 10, (store, index) => store.runs.transition('r', { ...accepted, at: 1_100 + index }));
      expect(await pair[0].runs.transitions('r')).toHaveLength(2);
      expect(await eventsOf(pair[1], 'run/r', 'run.stage')).toHaveLength(1);
    });

    it('a gap, an unknown run, and another story under a number that is taken are errors that change nothing', async () => {
      const store = await stores.open();
      await store.runs.create(newRun('r'));
      await expect(store.runs.transition('r', { ...accepted, seq: 2 })).rejects.toThrow('would leave a gap');
      await expect(store.runs.transition('nobody', accepted)).rejects.toThrow('there is no run nobody');
      await store.runs.transition('r', accepted);
      await expect(store.runs.transition('r', { ...accepted, state: SHIPPED })).rejects.toThrow('two workflows');
      expect(await store.runs.get('r')).toMatchObject({ seq: 1, state: PREPARING });
    });

    it('to an end is owed until it is said to be settled, and again where nobody knows', async () => {
      const store = await stores.open();
      await store.runs.create(newRun('r'));
      const owing = async (): Promise<string[]> => (await store.runs.list({ owing: true })).map((run) => run.id);
      await store.runs.owe('r');
      expect(await owing()).toEqual([]);
      await store.runs.transition('r', { seq: 1, state: SHIPPED, effects: [], cause: 'green', at: 2 });
      expect(await owing()).toEqual(['r']);
      await store.runs.settled('r');
      expect(await owing()).toEqual([]);
      await store.runs.transition('r', { seq: 1, state: SHIPPED, effects: [], cause: 'green', at: 3 });
      expect(await owing()).toEqual([]);
      await store.runs.owe('r');
      expect(await owing()).toEqual(['r']);
    });

    it('lists come newest first, by repo, by issue, open or ended, and no longer than asked', async () => {
      const store = await stores.open();
      await store.runs.create(newRun('a', { at: 1 }));
      await store.runs.transition('a', { seq: 1, state: SHIPPED, effects: [], cause: 'green', at: 2 });
      await store.runs.create(newRun('b', { at: 3, issue: 8 }));
      await store.runs.create(newRun('c', { at: 2, repo: 'beta' }));
      const ids = async (filter: Parameters<typeof store.runs.list>[0]): Promise<string[]> =>
        (await store.runs.list(filter)).map((run) => run.id);
      expect(await ids({})).toEqual(['b', 'c', 'a']);
      expect(await ids({ repo: 'alpha' })).toEqual(['b', 'a']);
      expect(await ids({ repo: 'alpha', issue: 7 })).toEqual(['a']);
      expect(await ids({ open: true })).toEqual(['b', 'c']);
      expect(await ids({ open: false })).toEqual(['a']);
      expect(await ids({ limit: 1 })).toEqual(['b']);
    });
  });
}

export function describeQueue(stores: Stores): void {
  const waits = (issue: number, priority = Number.MAX_SAFE_INTEGER): QueuedRelease => ({
    repo: 'alpha',
    issue,
    title: `issue ${issue}`,
    priority,
    release: { id: `release-${issue}`, label: 'ready-for-agent', action: 'added', by: null, at: 5 },
  });

  describe('the queue of a lane', () => {
    it('is in the order of priority, then number; it says when it changed, and only then', async () => {
      const store = await stores.open();
      expect(await store.queue.replace('alpha', [waits(3), waits(9, 1), waits(2)], 10)).toEqual({ changed: true });
      expect((await store.queue.waiting('alpha')).map((one) => one.issue)).toEqual([9, 2, 3]);
      expect(await store.queue.waiting('alpha')).toContainEqual(waits(3));
      expect(await store.queue.replace('alpha', [waits(2), waits(3), waits(9, 1)], 11)).toEqual({ changed: false });
      expect(await store.queue.replace('alpha', [waits(2), waits(3)], 12)).toEqual({ changed: true });
      expect((await eventsOf(store, 'repo/alpha', 'queue.changed')).map((row) => row.data)).toEqual([
        { repo: 'alpha', issues: [9, 2, 3] },
        { repo: 'alpha', issues: [2, 3] },
      ]);
      expect(await store.queue.repos()).toEqual(['alpha']);
      await store.queue.replace('alpha', [], 13);
      expect(await store.queue.repos()).toEqual([]);
    });

    it('loses the release that a run takes, and an older poll does not put it back', async () => {
      const store = await stores.open();
      await store.queue.replace('alpha', [waits(2), waits(3)], 10);
      await store.runs.create(newRun('r', { issue: 2, release: 'release-2' }));
      expect((await store.queue.waiting('alpha')).map((one) => one.issue)).toEqual([3]);
      expect((await eventsOf(store, 'repo/alpha')).at(-1)?.data).toEqual({ repo: 'alpha', issues: [3] });
      expect(await store.queue.replace('alpha', [waits(2), waits(3)], 11)).toEqual({ changed: false });
    });
  });
}
