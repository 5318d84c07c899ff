import { expect, it } from 'vitest';
import { troubleInWords, withTrouble } from './trouble.ts';

const twice = withTrouble(withTrouble(null, 'no route', 10_000), 'the model answers 529', 45_000);

it('failures in a row are counted from the first, and the newest is told', () => {
  expect(troubleInWords(twice, 5_000)).toBe(
    'does not get on: the model answers 529 (tried 2 times in 35 s, and again by itself)',
  );
  expect(troubleInWords(withTrouble(null, 'no route', 10_000), 5_000)).toBe(
    'does not get on: no route (tried once, and again by itself)',
  );
});

it('a run that has moved since is out of it', () => {
  expect(troubleInWords(twice, 45_001)).toBeNull();
  expect(troubleInWords(null, 0)).toBeNull();
});
