import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { budgetGaps, overBudget } from './budgets.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = [
  { file: 'activities/git/push.test.ts', ms: 1, cpuMs: 6_000 },
  { file: 'test/git/race.test.ts', ms: 1, cpuMs: 5_000 },
  { file: 'store/schema.test.ts', ms: 1, cpuMs: 1_000 },
];

test('an area whose files together take more than its budget is named, with what to do', () => {
  expect(overBudget(files, { git: 10, store: 1 })).toEqual([
    'The tests of git took 11 CPU seconds, more than their budget of 10: move rounds, seeds and further boots into *.deep.ts, or raise it in bin/test/budgets.json and say why',
  ]);
  expect(overBudget(files, { git: 11, store: 1 })).toEqual([]);
});

test('an area without a budget is named', () => {
  expect(overBudget(files, { git: 11 })).toEqual([
    'The tests of store took 1 CPU seconds and have no budget: give one in bin/test/budgets.json',
  ]);
});

test('each area of ours has a budget, and no budget is left of one that is gone', () => {
  expect(budgetGaps(root)).toEqual([]);
});
