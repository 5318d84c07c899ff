import { expect, it } from 'vitest';
import { builtin } from './builtin.ts';
import { executorNamed } from './executors.ts';

it('is the built-in executor for inputs of before there was a choice', () => {
  expect(executorNamed()).toBe(builtin);
  expect(executorNamed('builtin')).toBe(builtin);
});

it('says what to do about an executor that this release does not have', () => {
  expect(() => executorNamed('constructor')).toThrow(
    'no executor is called constructor, there is builtin: start a worker',
  );
});
