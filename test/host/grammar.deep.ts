/** The fuzz of grammar.test.ts, fifty times as large. */
import { expect, it } from 'vitest';
import { expectOneReading, seedOfFuzz } from './grammar-fuzz.ts';

it('5.8: rejects or understands 500,000 inputs exactly as a second reading of it does', { timeout: 1_800_000 }, () => {
  const seed = seedOfFuzz();
  for (let part = 0; part < 5; part += 1) expectOneReading(100_000, seed + part);
  expect.assertions(20);
});
