import { describe, expect, test } from 'vitest';
import { askedDelay, boundedDelay, LEAST_DELAY_MS, MOST_DELAY_MS } from './delay.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');

describe('domain/delay', () => {
  test.each<[string | null, string | null, number | null]>([
    [null, null, null],
    [null, '3', 3_000],
    [null, '1.5', 1_500],
    ['2500', '99', 2_500],
    [null, '0', LEAST_DELAY_MS],
    [null, '-7', LEAST_DELAY_MS],
    ['-1', null, LEAST_DELAY_MS],
    [null, '999999999', MOST_DELAY_MS],
    [null, '1e999', MOST_DELAY_MS],
    ['9'.repeat(400), null, MOST_DELAY_MS],
    [null, 'Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
    [null, 'Mon, 23 Nov 2026 11:00:00 GMT', LEAST_DELAY_MS],
    [null, 'Fri, 31 Dec 9999 23:59:59 GMT', MOST_DELAY_MS],
    [null, 'soon', null],
    [null, '', null],
    ['NaN', 'NaN', null],
    ['Infinity', '5', 5_000],
  ])('retry-after-ms %s, retry-after %s: %s ms', (afterMs, after, delay) => {
    expect(askedDelay({ afterMs, after }, NOW)).toBe(delay);
  });

  test('no delay is shorter than a second or longer than ten minutes', () => {
    expect([Number.NaN, -1, 0, 1_500.4, Number.POSITIVE_INFINITY].map(boundedDelay)).toEqual([
      1_000, 1_000, 1_000, 1_500, 600_000,
    ]);
  });
});
