import { expect, it } from 'vitest';
import { mainRedSince, newEvidenceAt } from './observation.ts';

const rows = (...causes: readonly string[]) => causes.map((cause, at) => ({ stage: 'prepare' as const, cause, at }));

it.each([
  ['one red main', rows('accepted', 'base-red'), 1],
  [
    'a main that moved and is red again goes on with the same wait',
    rows('accepted', 'base-red', 'head-moved', 'base-red'),
    1,
  ],
  ['a pause in it changes nothing', rows('accepted', 'base-red', 'pause', 'resume', 'head-moved', 'base-red'), 1],
  ['no red main', rows('accepted'), null],
])('the wait for main: %s', (_what, transitions, since) => {
  expect(mainRedSince(transitions)).toBe(since);
});

it('the wait for main in another stage is another one', () => {
  const later = { stage: 'verify' as const, cause: 'base-red', at: 9 };
  expect(mainRedSince([...rows('accepted', 'base-red'), later])).toBe(9);
});

it('evidence is news once for each kind and sha, however often it is written', () => {
  const rows = [
    { kind: 'guard', sha: 'a', at: 1 },
    { kind: 'red', sha: 'a', at: 2 },
    { kind: 'guard', sha: 'a', at: 3 },
    { kind: 'red', sha: 'a', at: 4 },
  ];
  expect(newEvidenceAt([])).toBeNull();
  expect(newEvidenceAt(rows)).toBe(2);
  expect(newEvidenceAt([...rows, { kind: 'guard', sha: 'b', at: 5 }])).toBe(5);
});
