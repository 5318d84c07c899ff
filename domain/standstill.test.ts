import { describe, expect, it } from 'vitest';
import { afterRound, standstill, type Rounds } from './standstill.ts';

const after = (...seqs: readonly number[]): Rounds => seqs.reduce(afterRound, { seq: 0, idle: 0 });

describe('work that ends', () => {
  it('with a transition each time may go on for ever', () => {
    expect(standstill(after(1, 2, 3, 4, 5), 'session')).toBeNull();
  });

  it('once with nothing to show is done again, also when it happens again later', () => {
    expect(standstill(after(1, 1), 'session')).toBeNull();
    expect(standstill(after(1, 1, 2, 2, 3, 3), 'session')).toBeNull();
  });

  it('twice in a row with nothing to show is an error that names it, and no loop', () => {
    expect(standstill(after(1, 1, 1), 'session')).toEqual({
      kind: 'failed',
      reason: expect.stringMatching(/^the work "session" ended 2 times .* moved nothing: .*report it/),
    });
  });
});
