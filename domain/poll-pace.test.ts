import { describe, expect, it } from 'vitest';
import { pauseMs, type Look } from './poll-pace.ts';

const look: Look = { everyMs: 10_000, failures: 0, limitedUntil: null, now: 1_000_000, chance: 0.5 };

describe('the pause after a look at a tracker', () => {
  it.each([
    ['an answer', { failures: 0 }, 10_000],
    ['the first failure', { failures: 1 }, 20_000],
    ['the third failure in a row', { failures: 3 }, 80_000],
    ['the hundredth', { failures: 100 }, 300_000],
    ['a failure where looks are rarer than that anyway', { everyMs: 3_600_000, failures: 4 }, 3_600_000],
  ])('after %s', (_what, change, expected) => {
    expect(pauseMs({ ...look, ...change })).toBe(expected);
  });

  it('lasts until the limit of the tracker lets us ask again', () => {
    expect(pauseMs({ ...look, limitedUntil: 1_090_000 })).toBe(90_000);
    expect(pauseMs({ ...look, limitedUntil: 900_000 })).toBe(10_000);
  });

  it('is a tenth shorter or longer, by chance: those that begin together do not stay together', () => {
    expect([pauseMs({ ...look, chance: 0 }), pauseMs({ ...look, chance: 1 })]).toEqual([9_000, 11_000]);
  });
});
