/** A few rounds of `npm run crash -- host`, which tells thousands: clients, scripts, runners and whoever resumes are killed in a cycle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAKE_LAB, REAL_LAB } from '../../bench/crash/host/labs.ts';
import { planOf } from '../../bench/crash/host/plan.ts';
import { crashRound } from '../../bench/crash/host/round.ts';
import type { Lab } from '../../bench/crash/host/rounds.ts';
import { has } from '../setup/needs.ts';
import { sideBySide } from './fake-host.ts';
import { hasLab } from './real/real-host.ts';
import { turns } from './turns.ts';

type Opened = Awaited<ReturnType<Lab['open']>>;

/** One with each kind of company, in both kinds of rounds; more are told by the runner (`npm run deep -- host`). */
const rounds = [0, 3, 4];

async function expectCalm(table: Opened, lab: Lab, round: number): Promise<void> {
  const plan = planOf(round, 1 + round, lab.cycleMs);
  const { deaths, duplicates, unresolved, faults } = await crashRound(table, plan, round);

  expect({ duplicates, unresolved }).toEqual({ duplicates: [], unresolved: [] });
  expect(faults.filter((one) => one !== 'late stop')).toEqual(
    [[], ['stranger'], ['held monitor']][Math.floor(round / 2)],
  );
  expect(deaths.length).toBeGreaterThan(0);
}

describe(
  '5.1, 5.7: a cycle whose client, script, runner and resumers are killed, on the host of files',
  sideBySide,
  () => {
    const inTurn = turns(FAKE_LAB.sideBySide);

    it.each(rounds)('ends with the VM running, one stop, one start and its result (round %i)', (round) =>
      inTurn(async () => {
        const table = await FAKE_LAB.open();
        try {
          await expectCalm(table, FAKE_LAB, round);
        } finally {
          await table.close();
        }
      }),
    );

    it('is told with a stop that outlives all who know of it', () =>
      inTurn(async () => {
        const table = await FAKE_LAB.open();
        try {
          const plan = [{ at: 'note intent=stop', victim: 'names', heir: 'timer' }] as const;
          const { faults, duplicates, unresolved } = await crashRound(table, plan);

          expect({ faults, duplicates, unresolved }).toEqual({ faults: ['late stop'], duplicates: [], unresolved: [] });
        } finally {
          await table.close();
        }
      }));
  },
);

describe.skipIf(!hasLab || !has('sshd'))('5.1, 5.7: the same through ssh on a real guest', () => {
  let table: Opened;
  beforeAll(async () => {
    table = await REAL_LAB.open();
  }, 300_000);
  afterAll(() => table.close());

  it('ends with the guest running, one stop, one start and its result', { timeout: 300_000 }, () =>
    expectCalm(table, REAL_LAB, 0),
  );
});
