import { describe, expect, it } from 'vitest';
import { concurrently, eventsOf, newRun, SHIPPED, type Stores } from './stores.ts';

const silentMs = 100;

export function describeCheckouts(stores: Stores): void {
  describe('who holds a checkout', () => {
    it('is the host that took it first, for as long as it lives; the others are told whose it is', async () => {
      const { checkouts } = await stores.open();
      expect(await checkouts.get('alpha')).toBeNull();
      const mine = { repo: 'alpha', host: 'one', since: 1, renewed: 1 };
      expect(await checkouts.take({ repo: 'alpha', host: 'one', at: 1, silentMs })).toEqual(mine);
      expect(await checkouts.take({ repo: 'alpha', host: 'two', at: 2, silentMs })).toEqual(mine);
      await checkouts.renew('two', 90);
      await checkouts.renew('one', 90);
      expect(await checkouts.take({ repo: 'alpha', host: 'two', at: 189, silentMs })).toEqual({ ...mine, renewed: 90 });
      await checkouts.take({ repo: 'beta', host: 'two', at: 190, silentMs });
      expect((await checkouts.list()).map(({ repo, host }) => [repo, host])).toEqual([
        ['alpha', 'one'],
        ['beta', 'two'],
      ]);
    });

    it('a host that was silent for long gives way where no run of the repo is open, and is told so when it is back', async () => {
      const store = await stores.open();
      const { checkouts } = store;
      await checkouts.take({ repo: 'alpha', host: 'one', at: 1, silentMs });
      const taken = { repo: 'alpha', host: 'two', since: 101, renewed: 101 };
      expect(await checkouts.take({ repo: 'alpha', host: 'two', at: 101, silentMs })).toEqual(taken);
      await checkouts.renew('one', 102);
      expect(await checkouts.take({ repo: 'alpha', host: 'one', at: 103, silentMs })).toEqual(taken);
      expect((await eventsOf(store, 'repo/alpha', 'checkout.taken')).map((one) => one.data)).toEqual([
        { host: 'one', from: null },
        { host: 'two', from: 'one' },
      ]);
    });

    it('never expires into other hands while a run of the repo is open: its commits are on that disk alone', async () => {
      const { checkouts, runs } = await stores.open();
      const held = await checkouts.take({ repo: 'alpha', host: 'one', at: 1, silentMs });
      await runs.create(newRun('r'));
      expect(await checkouts.take({ repo: 'alpha', host: 'two', at: 1_000_000, silentMs })).toEqual(held);
      await runs.transition('r', { seq: 1, state: SHIPPED, effects: [], cause: 'test', at: 2_000 });
      expect(await checkouts.take({ repo: 'alpha', host: 'two', at: 1_000_001, silentMs })).toMatchObject({
        host: 'two',
      });
    });

    it('of twenty hosts in two processes that ask at once one gets it, and all are told which', async () => {
      const pair = await stores.pair();
      const answers = await concurrently(pair, 20, (store, index) =>
        store.checkouts.take({ repo: 'alpha', host: `h${index}`, at: 1, silentMs }),
      );
      expect(new Set(answers.map(({ host }) => host)).size).toBe(1);
      expect(await eventsOf(pair[0], 'repo/alpha', 'checkout.taken')).toHaveLength(1);
    });
  });
}
