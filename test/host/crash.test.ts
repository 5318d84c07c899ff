/** Five rounds of `npm run crash -- host`, which tells thousands: clients, scripts, runners and whoever resumes are killed in a cycle. */
import { expect, it } from 'vitest';
import { FAKE_LAB } from '../../bench/crash/host/labs.ts';
import { planOf } from '../../bench/crash/host/plan.ts';
import { crashRound } from '../../bench/crash/host/round.ts';

it.each([0, 1, 2, 3, 4])(
  'on the host of files, round %i: the VM ends running, with one stop, one start and its result',
  { timeout: 90_000 },
  async (round) => {
    const table = await FAKE_LAB.open();
    try {
      const { deaths, duplicates, unresolved } = await crashRound(table, planOf(round, 1 + round, FAKE_LAB.cycleMs));

      expect({ duplicates, unresolved }).toEqual({ duplicates: [], unresolved: [] });
      expect(deaths.length).toBeGreaterThan(0);
    } finally {
      await table.close();
    }
  },
);
