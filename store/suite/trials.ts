import { describe, expect, it } from 'vitest';
import { trialRelease } from '../../domain/run.ts';
import { newRun, type Stores } from './stores.ts';

export function describeTrials(stores: Stores): void {
  const trial = (id: string, at: number) =>
    ({ id, repo: 'alpha', issue: 7, title: 'Count up', by: { name: 'ada', kind: 'person', scopes: [] }, at }) as const;

  describe('trials', () => {
    it('wait oldest first, each once by its id, and only in their own repo', async () => {
      const [one, other] = await stores.pair();
      await one.trials.ask(trial('b', 20));
      await other.trials.ask(trial('a', 10));
      await one.trials.ask({ ...trial('a', 30), title: 'asked again' });
      expect(await other.trials.waiting('alpha')).toEqual([trial('a', 10), trial('b', 20)]);
      expect(await one.trials.waiting('beta')).toEqual([]);
    });

    it('are used up by the run that they name, which begins as a trial (invariant 2)', async () => {
      const store = await stores.open();
      await store.trials.ask(trial('a', 10));
      const release = trialRelease('a');
      const made = await store.runs.create(newRun('r', { release, start: { trial: true } }));
      expect(made).toMatchObject({ created: true, run: { state: { stage: 'triage', progress: { trial: true } } } });
      expect(await store.trials.waiting('alpha')).toEqual([]);
      expect(await store.runs.create(newRun('again', { release }))).toMatchObject({ created: false, by: 'r' });
    });

    it('take nothing out of the queue: the release of the same issue waits behind', async () => {
      const store = await stores.open();
      const release = { id: 'release-7', label: 'ready-for-agent', action: 'added', by: null, at: 5 } as const;
      await store.queue.replace('alpha', [{ repo: 'alpha', issue: 7, title: 'Count up', priority: 1, release }], 10);
      await store.runs.create(newRun('r', { release: trialRelease('a'), start: { trial: true } }));
      expect((await store.queue.waiting('alpha')).map((one) => one.release.id)).toEqual(['release-7']);
    });
  });
}
