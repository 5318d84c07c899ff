import { describe, expect, it } from 'vitest';
import type { Reserve } from '../port.ts';
import { concurrently, type Stores } from './stores.ts';
import { issueBudget, runSubject } from '../../domain/unit.ts';

const ISSUE = issueBudget('alpha', 7);

export function describeLedger(stores: Stores): void {
  const ask = (key: string, over: Partial<Reserve> = {}): Reserve => ({
    key,
    unit: runSubject('r'),
    repo: 'alpha',
    microUsd: 10,
    budget: { name: ISSUE, microUsd: 155 },
    caps: [],
    at: 1,
    ...over,
  });

  describe('the ledger', () => {
    it('an issue is never overspent by a hundred reserves at once, in two processes and two runs (invariant 7)', async () => {
      const pair = await stores.pair();
      const answers = await concurrently(pair, 100, (store, index) =>
        store.ledger.reserve(ask(`s/${index}/1`, { unit: runSubject(`r${index % 4}`) })),
      );
      expect(answers.filter((one) => one.ok)).toHaveLength(15);
      for (const one of answers) if (!one.ok) expect(one).toEqual({ ok: false, why: 'budget', spent: 150 });
      expect(await pair[0].ledger.spentOf(ISSUE)).toBe(150);
      expect(await pair[0].ledger.spentOf(issueBudget('alpha', 8))).toBe(0);
      const perRun = await Promise.all([0, 1, 2, 3].map((index) => pair[1].ledger.spentBy(runSubject(`r${index}`))));
      expect(perRun.reduce((sum, one) => sum + one, 0)).toBe(150);
    });

    it('a settled reserve costs what it cost, once; one never settled stays charged in full', async () => {
      const store = await stores.open();
      await store.ledger.reserve(ask('a', { microUsd: 100 }));
      await store.ledger.reserve(ask('b', { microUsd: 50 }));
      await store.ledger.settle('a', 30, 2);
      await store.ledger.settle('a', 99, 3);
      expect(await store.ledger.spentOf(ISSUE)).toBe(80);
      expect(await store.ledger.reserve(ask('c', { microUsd: 76 }))).toEqual({
        ok: false,
        why: 'budget',
        spent: 80,
      });
      expect(await store.ledger.reserve(ask('c', { microUsd: 75 }))).toEqual({ ok: true });
    });

    it('the same key again is one reserve; after it was settled it is another call, charged on top', async () => {
      const store = await stores.open();
      await store.ledger.reserve(ask('a'));
      await store.ledger.reserve(ask('a'));
      expect(await store.ledger.spentBy(runSubject('r'))).toBe(10);
      await store.ledger.settle('a', 4, 2);
      await store.ledger.reserve(ask('a'));
      expect(await store.ledger.spentBy(runSubject('r'))).toBe(14);
      await store.ledger.settle('a', 5, 3);
      expect(await store.ledger.spentBy(runSubject('r'))).toBe(9);
    });

    it('parts of a micro-dollar, negative amounts and a settling out of nowhere are errors', async () => {
      const store = await stores.open();
      await expect(store.ledger.reserve(ask('a', { microUsd: 0.5 }))).rejects.toThrow('whole micro-dollars');
      await expect(store.ledger.reserve(ask('a', { microUsd: -1 }))).rejects.toThrow('whole micro-dollars');
      await expect(store.ledger.reserve(ask('a', { budget: { name: ISSUE, microUsd: Number.NaN } }))).rejects.toThrow(
        'whole micro-dollars',
      );
      await expect(store.ledger.settle('nothing', 1, 1)).rejects.toThrow('nothing was reserved under nothing');
    });
  });
}

export function describeEffects(stores: Stores): void {
  const push = { key: 'push/r/abc', name: 'push', class: 'provable', unit: runSubject('r'), at: 1 } as const;

  describe('the effect log', () => {
    it('an intent without an outcome is unknown to whoever comes after a crash, and done once it is (invariant 5)', async () => {
      const crashed = await stores.open();
      expect(await crashed.effects.begin(push)).toEqual({ standing: 'new' });
      await crashed.close();
      const store = await stores.open();
      expect(await store.effects.begin(push)).toEqual({ standing: 'unknown', attempts: 1 });
      expect(await store.effects.begin(push)).toEqual({ standing: 'unknown', attempts: 2 });
      await store.effects.done(push.key, { sha: 'abc' }, true, 5);
      await store.effects.done(push.key, { sha: 'def' }, false, 6);
      const after = await stores.open();
      expect(await after.effects.begin(push)).toEqual({ standing: 'done', result: { sha: 'abc' } });
      expect(await after.effects.list(runSubject('r'))).toEqual([
        { key: push.key, name: 'push', class: 'provable', attempts: 3, done: true, repeated: true },
      ]);
    });

    it('one of ten that begin at once is new', async () => {
      const pair = await stores.pair();
      const standings = await concurrently(pair, 10, (store) => store.effects.begin({ ...push, unit: null }));
      expect(standings.filter((one) => one.standing === 'new')).toHaveLength(1);
    });

    it('an outcome without a result is null, and one without an intent is an error', async () => {
      const store = await stores.open();
      await store.effects.begin(push);
      await store.effects.done(push.key, undefined, false, 2);
      expect(await store.effects.begin(push)).toEqual({ standing: 'done', result: null });
      await expect(store.effects.done('never', null, false, 2)).rejects.toThrow('was never begun');
      await store.effects.withdraw(push.key);
      expect(await store.effects.begin(push)).toMatchObject({ standing: 'done' });
      await store.effects.begin({ ...push, key: 'refused' });
      await store.effects.withdraw('refused');
      expect(await store.effects.begin({ ...push, key: 'refused' })).toEqual({ standing: 'new' });
    });
  });
}
