import { describe, expect, it } from 'vitest';
import { judgementCommands, unfreezeWays } from './unfreeze-ways.ts';

const retryAfter = (fixes: number, fixAttempts: number): string =>
  unfreezeWays({ id: 'web-7', progress: { fixes }, bounds: { fixAttempts } })[0]?.what ?? '';

describe('the ways out of a freeze', () => {
  it('are commands to copy, with the place that finds the api', () => {
    const ways = unfreezeWays({ id: 'web-7', progress: { fixes: 0 }, bounds: { fixAttempts: 1 } }, ' --data-dir /d');

    expect(ways.map(({ name, command }) => [name, command])).toEqual([
      ['retry', 'lamplighter unfreeze web-7 --way retry --note "why" --data-dir /d'],
      ['resolved', 'lamplighter unfreeze web-7 --way resolved --note "why" --data-dir /d'],
      ['resolved, reverted', 'lamplighter unfreeze web-7 --way resolved --reverted --note "why" --data-dir /d'],
      ['abandon', 'lamplighter unfreeze web-7 --way abandon --note "why" --data-dir /d'],
    ]);
  });

  it.each([
    [1, 1, 'if that is red as well, it freezes again'],
    [6, 5, 'if that is red as well, it freezes again'],
    [4, 5, 'if that is red as well, one fix-forward attempt is left'],
    [1, 5, 'if that is red as well, 4 fix-forward attempts are left'],
  ])('a retry after %i of %i attempts grants nothing by itself', (fixes, allowed, words) => {
    expect(retryAfter(fixes, allowed)).toContain(words);
    expect(retryAfter(fixes, allowed)).toContain('Nothing else is granted');
  });

  it('an approval names the sha that was looked at', () => {
    expect(judgementCommands('web-7', 'abc').approve).toBe('lamplighter approve web-7 --sha abc --note "why"');
  });
});
