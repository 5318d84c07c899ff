import { describe, expect, it } from 'vitest';
import type { Pool } from '../../domain/pool.ts';
import { runSubject, subjectOf, type Subject } from '../../domain/unit.ts';
import type { Store } from '../port.ts';
import { concurrently, type Stores } from './stores.ts';

const run = runSubject;
const job = (id: string): Subject => subjectOf('job', id);
const slots = (count: number, reserves: Pool['reserves'] = {}): Pool => ({ slots: count, reserves });

export function describeCapacity(stores: Stores): void {
  describe('capacity', () => {
    it('is first come, first served among all kinds, and a repeated question changes nothing', async () => {
      const { capacity } = await stores.open();
      expect(await capacity.acquire(run('a'), slots(1), 1)).toEqual({ granted: true, ahead: 0 });
      expect(await capacity.acquire(run('a'), slots(1), 2)).toEqual({ granted: true, ahead: 0 });
      expect(await capacity.acquire(job('b'), slots(1), 3)).toEqual({ granted: false, ahead: 0 });
      expect(await capacity.acquire(run('b'), slots(1), 4)).toEqual({ granted: false, ahead: 1 });
      await capacity.release(run('a'));
      await capacity.release(run('a'));
      expect(await capacity.acquire(run('b'), slots(1), 5)).toEqual({ granted: false, ahead: 1 });
      expect(await capacity.acquire(run('a'), slots(1), 6)).toEqual({ granted: false, ahead: 2 });
      expect(await capacity.acquire(job('b'), slots(1), 7)).toEqual({ granted: true, ahead: 0 });
      expect(await capacity.held()).toEqual([{ unit: job('b'), since: 7 }]);
      expect(await capacity.waiting()).toEqual([
        { unit: run('b'), since: 4 },
        { unit: run('a'), since: 6 },
      ]);
    });

    it('one who leaves the line lets the next one up, and room for all is granted in any order', async () => {
      const { capacity } = await stores.open();
      await capacity.acquire(run('a'), slots(0), 1);
      await capacity.acquire(run('b'), slots(0), 2);
      expect(await capacity.acquire(run('b'), slots(2), 3)).toEqual({ granted: true, ahead: 0 });
      await capacity.release(run('b'));
      await capacity.acquire(run('c'), slots(0), 4);
      await capacity.release(run('a'));
      expect(await capacity.acquire(run('c'), slots(1), 5)).toEqual({ granted: true, ahead: 0 });
    });

    it('keeps the reserve of a kind empty for it, however long the others stand in line, and puts nobody out for it', async () => {
      const { capacity } = await stores.open();
      const pool = slots(3, { job: 1 });
      expect(await granted(capacity, [run('a'), run('b'), run('c'), job('d')], pool)).toEqual([
        true,
        true,
        false,
        true,
      ]);
      await capacity.release(job('d'));
      expect(await granted(capacity, [run('c'), job('e')], pool)).toEqual([false, true]);
      // Their reserve is in use; what is free beyond it goes to whoever came first.
      expect(await granted(capacity, [job('f')], pool)).toEqual([false]);
      await capacity.release(run('a'));
      expect(await granted(capacity, [job('f'), run('c')], pool)).toEqual([false, true]);

      const later = slots(3, { run: 3 });
      expect(await granted(capacity, [job('e'), job('f')], later)).toEqual([true, false]);
    });

    it('who is barred by a reserve holds up none of those behind that it is kept for, and stays before its own kind', async () => {
      const { capacity } = await stores.open();
      const pool = slots(2, { job: 1 });
      expect(await granted(capacity, [run('a'), run('b'), run('c'), job('d'), job('e')], pool)).toEqual([
        true,
        false,
        false,
        true,
        false,
      ]);
      await capacity.release(run('a'));
      expect(await granted(capacity, [job('e'), run('c'), run('b')], pool)).toEqual([false, false, true]);
    });

    it('never grants more than there are slots, to forty of two kinds who ask at once in two processes', async () => {
      const pair = await stores.pair();
      const answers = await concurrently(pair, 40, (store, index) =>
        store.capacity.acquire((index % 3 === 0 ? job : run)(`u${index}`), slots(5, { job: 2, run: 1 }), index),
      );
      expect(answers.filter((one) => one.granted)).toHaveLength(5);
      const held = await pair[0].capacity.held();
      expect(held.filter(({ unit }) => unit.startsWith('job/')).length).toBeGreaterThanOrEqual(2);
      expect(held.filter(({ unit }) => unit.startsWith('run/')).length).toBeGreaterThanOrEqual(1);
    });
  });
}

async function granted(capacity: Store['capacity'], units: readonly Subject[], pool: Pool): Promise<boolean[]> {
  const answers: boolean[] = [];
  for (const [at, unit] of units.entries()) answers.push((await capacity.acquire(unit, pool, at)).granted);
  return answers;
}
