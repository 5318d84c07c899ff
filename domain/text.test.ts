import { describe, expect, test } from 'vitest';
import { headOf, tailOf } from './text.ts';

const CANDLE = '\u{1F56F}';

describe('domain/text', () => {
  test('a cut at any place leaves whole characters and is never longer than asked', () => {
    const text = `a${CANDLE}${CANDLE}b${CANDLE}`;
    for (let most = 0; most <= text.length + 1; most += 1) {
      for (const cut of [headOf(text, most), tailOf(text, most)]) {
        expect(cut.isWellFormed()).toBe(true);
        expect(cut.length).toBeLessThanOrEqual(most);
        expect(cut.length).toBeGreaterThanOrEqual(Math.min(most, text.length) - 1);
      }
    }
  });

  test('what is short enough stays as it is, and text of one unit a character is cut to the unit', () => {
    expect(headOf('abc', 3)).toBe('abc');
    expect(tailOf('abc', 9)).toBe('abc');
    expect(headOf('abcd', 2)).toBe('ab');
    expect(tailOf('abcd', 2)).toBe('cd');
    expect(tailOf('abcd', 0)).toBe('');
  });
});
