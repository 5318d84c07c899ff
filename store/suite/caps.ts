import { describe, expect, it } from 'vitest';
import { capsAt, isReached, type Cap } from '../../domain/caps.ts';
import { migrate, MIGRATIONS } from '../migrations/migrate.ts';
import { openSql } from '../open.ts';
import type { CapRaise, Reserve, Store } from '../port.ts';
import { describeInterleavings } from './cap-interleavings.ts';
import { ask, at, CAPS, DAY, issueOf } from './cap-reserve.ts';
import { concurrently, eventsOf, type Stores } from './stores.ts';
import { runSubject } from '../../domain/unit.ts';

const raise = (id: string, microUsd: number): Omit<CapRaise, 'cap'> => ({
  id,
  microUsd,
  by: { name: 'ada', kind: 'token', scopes: ['operate'] },
  note: 'ship it today',
  at: DAY,
});

function capOf(window: Cap['window'], repo: string | null, when = DAY): Cap {
  const cap = capsAt(CAPS, repo, when).find((one) => one.window === window && one.repo === repo);
  if (cap === undefined) throw new Error('there is no such cap');
  return cap;
}

async function spentIn(store: Store, cap: Cap): Promise<number | undefined> {
  return (await store.ledger.standing([cap]))[0]?.spent;
}

export function describeCaps(stores: Stores): void {
  describeRefusals(stores);
  describeRaises(stores);
  describe('caps at random', () => describeInterleavings(stores));
}

function describeRefusals(stores: Stores): void {
  describe('caps', () => {
    it('no cap is passed by a hundred reserves at once, over two processes, repos and issues (invariant 7)', async () => {
      const pair = await stores.pair();
      const answers = await concurrently(pair, 100, (store, index) =>
        store.ledger.reserve(ask(`s/${index}`, ofRepo(index % 3 === 0 ? 'alpha' : 'beta', index))),
      );
      expect(answers.filter((one) => one.ok)).toHaveLength(10);
      expect(await spentIn(pair[0], capOf('day', null))).toBe(100);
      expect(await spentIn(pair[1], capOf('day', 'alpha'))).toBeLessThanOrEqual(60);
    });

    it('a refusal names every cap that it would pass, with what is spent, and the cap keeps what it refused', async () => {
      const store = await stores.open();
      await store.ledger.reserve(ask('a', { microUsd: 55 }));
      await store.ledger.reserve(ask('b', { repo: 'beta', microUsd: 40 }));
      const refused = await store.ledger.reserve(ask('c', { microUsd: 6 }));
      expect(refused).toMatchObject({
        ok: false,
        why: 'caps',
        reached: [
          { cap: { key: 'cap/day/total/2026-11-23' }, spent: 95, refused: 6 },
          { cap: { key: 'cap/day/alpha/2026-11-23' }, spent: 55, refused: 6 },
        ],
      });
      expect(await store.ledger.spentBy(runSubject('run-alpha'))).toBe(55);
      expect((await store.ledger.standing(capsAt(CAPS, 'alpha', DAY))).map(isReached)).toEqual([
        true,
        false,
        true,
        false,
      ]);
      await store.ledger.settle('b', 1, DAY);
      expect((await store.ledger.standing([capOf('day', null)])).map(isReached)).toEqual([false]);
    });

    it('the bound of an issue comes before any cap', async () => {
      const store = await stores.open();
      const refused = await store.ledger.reserve(ask('a', { microUsd: 5_000, budget: issueOf('alpha', 7, 4_999) }));
      expect(refused).toEqual({ ok: false, why: 'budget', spent: 0 });
      expect(await store.ledger.standing([capOf('day', null)])).toMatchObject([{ refused: 0 }]);
    });

    it('money counts on the day on which it was reserved, whenever it is settled; a month is the sum of its days', async () => {
      const store = await stores.open();
      const [before, after] = [at('2026-11-30'), at('2026-12-01')];
      await store.ledger.reserve(ask('a', { microUsd: 60, at: before }));
      await store.ledger.reserve(ask('b', { microUsd: 60, at: after }));
      await store.ledger.settle('a', 20, after);
      expect(await spentIn(store, capOf('day', null, before))).toBe(20);
      expect(await spentIn(store, capOf('day', null, after))).toBe(60);
      await store.ledger.reserve(ask('c', { microUsd: 30, at: before }));
      expect(await spentIn(store, capOf('month', 'alpha', before))).toBe(50);
      expect(await spentIn(store, capOf('month', null, after))).toBe(60);
    });

    it('a key that comes back on another day charges each day with its own part', async () => {
      const store = await stores.open();
      const next = at('2026-11-24');
      await store.ledger.reserve(ask('a'));
      await store.ledger.settle('a', 4, DAY);
      await store.ledger.reserve(ask('a', { at: next, microUsd: 9 }));
      await store.ledger.settle('a', 5, next);
      expect(await spentIn(store, capOf('day', 'alpha'))).toBe(4);
      expect(await spentIn(store, capOf('day', 'alpha', next))).toBe(5);
      expect(await store.ledger.spentBy(runSubject('run-alpha'))).toBe(9);
    });
  });
}

function describeRaises(stores: Stores): void {
  describe('the life of a cap', () => {
    it('a raise of a person adds to one cap in one window, once, with who and why (invariant 7)', async () => {
      const store = await stores.open();
      await store.ledger.reserve(ask('a', { repo: 'beta', microUsd: 95 }));
      expect(await store.ledger.reserve(ask('b', { repo: 'beta' }))).toMatchObject({ ok: false });
      const cap = capOf('day', null);
      const raised = await store.ledger.raiseCap(cap, raise('raise-1', 5));
      expect(await store.ledger.raiseCap(cap, raise('raise-1', 999))).toEqual(raised);
      expect(await store.ledger.raises(cap.key)).toEqual([raised]);
      expect(await store.ledger.reserve(ask('b', { repo: 'beta' }))).toEqual({ ok: true });
      expect(await store.ledger.standing([cap])).toMatchObject([{ raised: 5, spent: 105 }]);
      expect(await store.ledger.standing([capOf('day', null, at('2026-11-24'))])).toMatchObject([{ raised: 0 }]);
      expect((await eventsOf(store, 'system', 'cap.raised')).map((one) => one.data)).toEqual([
        { id: 'raise-1', cap: cap.key, microUsd: 5, by: 'ada', note: 'ship it today' },
      ]);
    });

    it('a cap of another day or another repo, and a raise that is no amount, are errors', async () => {
      const store = await stores.open();
      const wrongDay = capsAt(CAPS, 'alpha', at('2026-11-22'));
      await expect(store.ledger.reserve(ask('a', { caps: wrongDay }))).rejects.toThrow('does not bind a of alpha');
      const wrongRepo = capsAt(CAPS, 'beta', DAY);
      await expect(store.ledger.reserve(ask('a', { caps: wrongRepo }))).rejects.toThrow('does not bind a of alpha');
      await expect(store.ledger.raiseCap(capOf('day', null), raise('r', -1))).rejects.toThrow('whole micro-dollars');
    });

    it('what a ledger held before there were caps is counted on its days', async () => {
      const sql = await openSql(stores.home.config);
      const before = MIGRATIONS.findIndex((one) => one.name === 'caps');
      await migrate(sql, MIGRATIONS.slice(0, before));
      const rows = [
        ['a', 'alpha', 50, 7, 1, DAY],
        ['b', 'alpha', 50, null, 0, DAY],
        ['c', 'beta', 50, 3, 0, at('2026-11-22')],
      ] as const;
      for (const [key, repo, reserved, settled, charged, day] of rows) {
        await sql.query(
          'INSERT INTO ledger (key, run, repo, issue, reserved, settled, charged, at) VALUES (?, ?, ?, 1, ?, ?, ?, ?)',
          [key, 'r', repo, reserved, settled, charged, day],
        );
      }
      await sql.close();
      const store = await stores.open();
      expect(await spentIn(store, capOf('day', null))).toBe(58);
      expect(await spentIn(store, capOf('month', null))).toBe(61);
      expect(await spentIn(store, capOf('month', 'beta'))).toBe(3);
      await store.ledger.settle('b', 10, DAY);
      expect(await spentIn(store, capOf('day', 'alpha'))).toBe(18);
    });
  });
}

function ofRepo(repo: string, issue: number): Pick<Reserve, 'repo' | 'budget'> {
  return { repo, budget: issueOf(repo, issue) };
}
