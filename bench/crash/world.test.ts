import { describe, expect, it } from 'vitest';
import { compare, doubledIn, unsettledIn } from './world.ts';

const EXPECTED = { 'update of main: push': 1, 'comment: <!-- x -->': 1, closed: 1, 'transition: green to ended': 1 };

describe('two worlds', () => {
  it('that are alike differ in nothing', () => {
    expect(compare({ ...EXPECTED }, EXPECTED)).toEqual({ duplicates: [], others: [] });
  });

  it('call more of anything outside a duplicate', () => {
    expect(compare({ ...EXPECTED, 'comment: <!-- x -->': 3, 'repeated effect: push/r/s': 1 }, EXPECTED)).toEqual({
      duplicates: ['comment: <!-- x --> × 2', 'repeated effect: push/r/s × 1'],
      others: [],
    });
  });

  it('call what is missing, unsettled or moved otherwise by its name, and no duplicate', () => {
    const { closed: _closed, ...rest } = EXPECTED;
    expect(compare({ ...rest, 'unsettled effect: close': 1, 'transition: failed to frozen': 1 }, EXPECTED)).toEqual({
      duplicates: [],
      others: ['unsettled effect: close × 1', 'transition: failed to frozen × 1', 'closed × -1'],
    });
  });
});

describe('a world that nothing is compared with', () => {
  it('shows what can only be there once and is there twice, and what was not settled', () => {
    const world = {
      ...EXPECTED,
      'commit: Add': 2,
      'label: added x': 2,
      'repeated effect: push/r/s': 1,
      'unsettled effect: close': 1,
    };

    expect(doubledIn(world)).toEqual(['commit: Add × 2', 'repeated effect: push/r/s × 1']);
    expect(unsettledIn(world)).toEqual(['unsettled effect: close × 1']);
    expect([...doubledIn(EXPECTED), ...unsettledIn(EXPECTED)]).toEqual([]);
  });
});
