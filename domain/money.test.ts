import { describe, expect, it } from 'vitest';
import { costOf, microUsd, usd, type Price } from './money.ts';

const flat: Price = { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 };
const banded: Price = {
  input: 0.1,
  output: 0.5,
  cacheRead: 0.01,
  cacheWrite: 0.125,
  above: { tokens: 100, input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite: 0.625 },
};

describe('costOf', () => {
  it('prices each class of tokens apart, in micro-dollars', () => {
    expect(costOf({ input: 10, output: 1, cacheRead: 100, cacheWrite: 2 }, flat)).toBe(40 + 20 + 20 + 10);
  });

  it('takes the higher band by the whole prompt, cache included, and not by the output', () => {
    expect(costOf({ input: 50, output: 1_000, cacheRead: 50, cacheWrite: 0 }, banded)).toBe(506);
    expect(costOf({ input: 50, output: 0, cacheRead: 50, cacheWrite: 1 }, banded)).toBe(Math.ceil(25 + 2.5 + 0.625));
  });

  it('never understates: a part of a micro-dollar is a whole one', () => {
    expect(costOf({ input: 1, output: 0, cacheRead: 0, cacheWrite: 0 }, banded)).toBe(1);
    expect(costOf({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }, banded)).toBe(0);
  });
});

it('dollars and micro-dollars turn into each other exactly', () => {
  for (const dollars of [0, 0.000001, 0.1, 0.29, 100, 1234.567891]) expect(usd(microUsd(dollars))).toBe(dollars);
  expect(Number.isInteger(microUsd(0.1 + 0.2))).toBe(true);
});
