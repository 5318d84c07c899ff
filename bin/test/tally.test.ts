import { expect, test } from 'vitest';
import { closingLine, exitCode, notRun } from './tally.ts';

const skipped = [{ file: '/x/a.test.ts', name: 'a.test.ts > on PostgreSQL' }];

test('the closing line names skipped tests only where there are some', () => {
  expect(closingLine({ passed: 3, failed: 0, skipped: [] })).toBe('3 passed, 0 failed');
  expect(closingLine({ passed: 3, failed: 1, skipped })).toBe('3 passed, 1 failed, 1 skipped');
});

test('a run that executed no test is not green', () => {
  expect(exitCode({ passed: 0, failed: 0, skipped })).toBe(1);
  expect(exitCode({ passed: 1, failed: 0, skipped })).toBe(0);
  expect(exitCode({ passed: 9, failed: 1, skipped: [] })).toBe(1);
});

test('what could not run is listed with the part it lacked and the remedy', () => {
  const missing = [
    { file: '/x/a.test.ts', part: 'postgres', why: 'no postgres on PATH', remedy: 'install it' } as const,
  ];
  expect(notRun(skipped, missing)).toEqual([
    'Not run:',
    '  a.test.ts > on PostgreSQL: no postgres',
    'Missing:',
    '  postgres: no postgres on PATH; install it',
  ]);
});
