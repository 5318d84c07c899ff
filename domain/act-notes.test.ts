import { describe, expect, it } from 'vitest';
import { withNotes } from './act.ts';

describe('a reason that names an act', () => {
  const acts = [{ id: '7e72-a', note: 'not worth it' }];

  it('shows what the person wrote', () => {
    expect(withNotes('abandoned by ada: act 7e72-a', acts)).toBe('abandoned by ada: not worth it');
  });

  it.each(['abandoned by ada: act unknown', 'the tests act up', null])('leaves %j as it is', (reason) => {
    expect(withNotes(reason, acts)).toBe(reason);
  });

  it('takes a note as it is, also where it looks like a replacement pattern', () => {
    expect(withNotes('cancelled by ada: act x', [{ id: 'x', note: '$& $1' }])).toBe('cancelled by ada: $& $1');
  });
});
