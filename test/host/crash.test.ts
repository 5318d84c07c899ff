/** Five rounds of test/host/crash-rounds.ts; thousands are had by running that file. */
import { expect, it } from 'vitest';
import { crashRound } from './crash-rounds.ts';

it.each([1, 2, 3, 4, 5])(
  'killed at random moments (seed %i) the VM ends running, with one stop, one start and its result',
  { timeout: 90_000 },
  async (seed) => {
    expect((await crashRound(seed)).problem).toBeNull();
  },
);
