import { describe, expect, it } from 'vitest';
import { createPatience } from './patience.ts';

describe('the patience of the crash runner', () => {
  it('is over after so many looks at a run that does not move, however long they took', () => {
    let at = 0;
    const patience = createPatience({ looks: 3, now: () => at });
    patience.look('a');
    patience.look('a');
    at = 3_600_000;
    patience.look('a');
    expect(patience.isOver()).toBe(false);

    patience.look('a');

    expect(patience.isOver()).toBe(true);
    expect(patience.inWords()).toBe('nothing moved in 3 looks (3600 s)');
  });

  it('begins anew with each move', () => {
    const patience = createPatience({ looks: 1, now: () => 0 });
    for (const mark of ['a', 'b', 'c']) patience.look(mark);
    expect(patience.isOver()).toBe(false);
  });
});
