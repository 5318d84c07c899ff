import { expect, test } from 'vitest';
import { timesTable } from './times.ts';

test('areas stand by the time of their files, most first, and each file counts once', () => {
  const files = [
    { file: 'activities/git/push.test.ts', ms: 2_000 },
    { file: 'test/git/race.test.ts', ms: 1_500 },
    { file: 'store/schema.test.ts', ms: 9_040 },
  ];

  expect(timesTable(files)).toEqual([
    'Seconds of tests by area (files run beside one another):',
    '      9.0  store (1 file)',
    '      3.5  git (2 files)',
    'The slowest files:',
    '      9.0  store/schema.test.ts',
    '      2.0  activities/git/push.test.ts',
    '      1.5  test/git/race.test.ts',
  ]);
});

test('twenty files are named at most', () => {
  const files = Array.from({ length: 30 }, (_, at) => ({ file: `store/${at}.test.ts`, ms: at }));
  expect(timesTable(files).filter((line) => line.endsWith('.test.ts'))).toHaveLength(20);
});
