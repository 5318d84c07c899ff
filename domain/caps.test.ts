import { describe, expect, it } from 'vitest';
import { capEndsAt, capsAt, dayOf, holdInWords, isReached, type Caps, type CapStanding } from './caps.ts';

const caps: Caps = {
  total: { dayMicroUsd: 50_000_000, monthMicroUsd: 500_000_000 },
  anyRepo: { dayMicroUsd: 25_000_000, monthMicroUsd: 250_000_000 },
  repos: { 'web-1': { dayMicroUsd: 1, monthMicroUsd: 2 } },
};
const at = (iso: string): number => Date.parse(iso);
const NOON = at('2026-11-23T12:00:00Z');

function standing(over: Partial<Omit<CapStanding, 'cap'>>, repo: string | null = null, which = 0): CapStanding {
  const cap = capsAt(caps, repo, NOON)[which];
  if (cap === undefined) throw new Error('there is no such cap');
  return { cap, raised: 0, spent: 0, refused: 0, ...over };
}

describe('the caps that bind a repo', () => {
  it('are the total ones and its own, or those of any repo, each of the window that the time is in', () => {
    expect(capsAt(caps, 'web-1', NOON).map(({ key, microUsd }) => [key, microUsd])).toEqual([
      ['cap/day/total/2026-11-23', 50_000_000],
      ['cap/month/total/2026-11', 500_000_000],
      ['cap/day/web-1/2026-11-23', 1],
      ['cap/month/web-1/2026-11', 2],
    ]);
    expect(capsAt(caps, 'app-2', NOON).at(-1)).toMatchObject({ key: 'cap/month/app-2/2026-11', microUsd: 250_000_000 });
    expect(capsAt(caps, null, NOON)).toHaveLength(2);
  });

  it.each([
    ['2026-11-30T23:59:59.999Z', 'cap/day/total/2026-11-30', '2026-12-01', 'cap/month/total/2026-11', '2026-12-01'],
    ['2026-12-01T00:00:00Z', 'cap/day/total/2026-12-01', '2026-12-02', 'cap/month/total/2026-12', '2027-01-01'],
    ['2028-02-29T05:00:00Z', 'cap/day/total/2028-02-29', '2028-03-01', 'cap/month/total/2028-02', '2028-03-01'],
  ])('at %s end when their day and month end', (time, dayKey, dayEnd, monthKey, monthEnd) => {
    const [day, month] = capsAt(caps, null, at(time));
    expect([day!.key, month!.key]).toEqual([dayKey, monthKey]);
    expect([capEndsAt(day!), capEndsAt(month!)]).toEqual([at(dayEnd), at(monthEnd)]);
    for (const cap of [day!, month!]) {
      expect(cap.firstDay).toBeLessThanOrEqual(dayOf(at(time)));
      expect(cap.lastDay).toBeGreaterThanOrEqual(dayOf(at(time)));
    }
  });
});

describe('a cap is reached', () => {
  it('when nothing is left of it', () => {
    expect(isReached(standing({ spent: 49_999_999 }))).toBe(false);
    expect(isReached(standing({ spent: 50_000_000 }))).toBe(true);
  });

  it('when the newest refused call does not fit any more, until it fits or a person raises the cap', () => {
    expect(isReached(standing({ spent: 49_000_000, refused: 1_000_001 }))).toBe(true);
    expect(isReached(standing({ spent: 48_000_000, refused: 1_000_001 }))).toBe(false);
    expect(isReached(standing({ spent: 49_000_000, refused: 1_000_001, raised: 1 }))).toBe(false);
  });

  it('from the start when it is 0', () => {
    const none = { ...caps, total: { dayMicroUsd: 0, monthMicroUsd: 1 } };
    const [day, month] = capsAt(none, null, NOON);
    expect(isReached({ cap: day!, raised: 0, spent: 0, refused: 0 })).toBe(true);
    expect(isReached({ cap: month!, raised: 0, spent: 0, refused: 0 })).toBe(false);
  });

  it('and says which, what is spent, until when, and how a person ends it', () => {
    expect(holdInWords(standing({ spent: 49_870_000, refused: 310_000 }), null)).toEqual({
      text: "the day's cap of $50.00 is reached ($49.87 spent or reserved, and the next call may need $0.31): lanes hold until 2026-11-24 00:00 UTC",
      remedy: 'lamplighter caps raise day --usd 20 --note "why"',
    });
    expect(holdInWords(standing({ spent: 250_000_000, raised: 5_000_000 }, 'app-2', 3), 'acme/app')).toEqual({
      text: "the month's cap of $255.00 for acme/app is reached ($250.00 spent or reserved): its lane holds until 2026-12-01 00:00 UTC",
      remedy: 'lamplighter caps raise month --repo acme/app --usd 20 --note "why"',
    });
  });
});
