import { expect, test } from 'vitest';
import { areaNames, select } from './areas.ts';

const files = [
  'activities/git/push.test.ts',
  'bin/bootstrap/platform.test.ts',
  'store/schema.test.ts',
  'test/git/race.test.ts',
];

test('an area gathers its folder, its activities and what crosses folders under the same name', () => {
  expect(select(files, ['git'])).toEqual({ files: ['activities/git/push.test.ts', 'test/git/race.test.ts'] });
  expect(select(files, ['bootstrap', 'store'])).toEqual({
    files: ['bin/bootstrap/platform.test.ts', 'store/schema.test.ts'],
  });
});

test('a file and a folder may be asked for as well as an area', () => {
  expect(select(files, ['store/schema.test.ts', './bin/bootstrap/'])).toEqual({
    files: ['bin/bootstrap/platform.test.ts', 'store/schema.test.ts'],
  });
  expect(select(files, ['store/schema', 'activities/gi'])).toEqual({ unknown: ['store/schema', 'activities/gi'] });
});

test('no area means every file', () => {
  expect(select(files, [])).toEqual({ files });
});

test('an area nobody knows is named rather than run as nothing', () => {
  expect(select(files, ['git', 'stroe'])).toEqual({ unknown: ['stroe'] });
  expect(areaNames(files)).toEqual(['activities', 'bin', 'bootstrap', 'git', 'store']);
});
