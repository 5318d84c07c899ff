import { describe, expect, it } from 'vitest';
import type { Principal } from '../port.ts';
import { newRun, SHIPPED, type Stores } from './stores.ts';

export function describeActs(stores: Stores): void {
  const ada: Principal = { name: 'ada', kind: 'person', scopes: ['operate'] };

  describe('an act and the end of its run', () => {
    it('an act is taken with its transition, or refused once the run has ended', async () => {
      const pair = await stores.pair();
      await pair[0].runs.create(newRun('r'));
      const act = { run: 'r', data: { kind: 'cancel' }, by: ada, note: 'why', at: 5 } as const;
      await pair[0].acts.add({ ...act, id: 'first' });
      await pair[0].acts.add({ ...act, id: 'second' });
      const end = { seq: 1, state: SHIPPED, effects: [], cause: 'cancel', at: 6 } as const;

      // By itself it does not end past what people ask for.
      expect(await pair[1].runs.transition('r', { ...end, afterActs: true })).toEqual({ recorded: false, acts: true });
      expect(await pair[1].runs.get('r')).toMatchObject({ seq: 0, outcome: null });

      expect(await pair[1].runs.transition('r', { ...end, act: 'first' })).toEqual({ recorded: true, acts: true });
      expect((await pair[0].acts.list('r')).map((row) => row.takenAt)).toEqual([6, null]);
      expect(await pair[0].acts.add({ ...act, id: 'late' })).toBeNull();
      expect(await pair[0].acts.add({ ...act, id: 'first' })).toMatchObject({ id: 'first', takenAt: 6 });
    });

    it('an act that comes while a run ends is either heard before or refused, never left behind', async () => {
      const pair = await stores.pair();
      const act = { data: { kind: 'cancel' }, by: ada, note: 'why', at: 5 } as const;
      const end = { seq: 1, state: SHIPPED, effects: [], cause: 'green', afterActs: true, at: 6 } as const;
      for (let round = 0; round < 10; round += 1) {
        const run = `r${round}`;
        await pair[0].runs.create(newRun(run, { repo: `repo-of-${run}` }));
        const given = pair[0].acts.add({ ...act, id: run, run });
        const [row, { recorded }] = await Promise.all([given, pair[1].runs.transition(run, end)]);
        expect(recorded).toBe(row === null);
      }
    });
  });
}
