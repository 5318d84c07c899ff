import { expect, test } from 'vitest';
import { timesTable } from './times.ts';

test('areas stand by the time of their files, most first, and each file counts once', () => {
  const files = [
    { file: 'activities/git/push.test.ts', ms: 2_000, cpuMs: 1_000 },
    { file: 'test/git/race.test.ts', ms: 1_500, cpuMs: 1_100 },
    { file: 'store/schema.test.ts', ms: 9_040, cpuMs: 12_000 },
  ];

  expect(timesTable(files)).toEqual([
    'Seconds of tests by area (files run beside one another), and CPU seconds:',
    '      9.0    12.0  store (1 file)',
    '      3.5     2.1  git (2 files)',
    'The slowest files:',
    '      9.0    12.0  store/schema.test.ts',
    '      2.0     1.0  activities/git/push.test.ts',
    '      1.5     1.1  test/git/race.test.ts',
  ]);
});

test('twenty files are named at most', () => {
  const files = Array.from({ length: 30 }, (_, at) => ({ file: `store/${at}.test.ts`, ms: at, cpuMs: 0 }));
  expect(timesTable(files).filter((line) => line.endsWith('.test.ts'))).toHaveLength(20);
});
