/**
 * What the tests of each area may take of the processors: bin/test/budgets.json, in seconds. Twice what it took when it was last set on the
 * machine that it was set on, so that a slower one passes, and an area that has doubled does not. A new area needs a budget.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { areasOf, testFiles, TESTS } from './areas.ts';
import { cpuByArea, type FileTime } from './times.ts';

const FILE = 'bin/test/budgets.json';
const schema = z.record(z.string(), z.number().positive());

export type Budgets = Readonly<z.infer<typeof schema>>;

export function readBudgets(root: string): Budgets {
  return schema.parse(JSON.parse(readFileSync(join(root, FILE), 'utf8')));
}

/** A line for each area that took more than it may, or has no budget; each counts as a failure. */
export function overBudget(files: readonly FileTime[], budgets: Budgets): string[] {
  return [...cpuByArea(files)].flatMap(([area, cpuMs]) => {
    const took = (cpuMs / 1000).toFixed(0);
    const budget = budgets[area];
    if (budget === undefined)
      return [`The tests of ${area} took ${took} CPU seconds and have no budget: give one in ${FILE}`];
    if (cpuMs <= budget * 1000) return [];
    const remedy = `move rounds, seeds and further boots into *.deep.ts, or raise it in ${FILE} and say why`;
    return [`The tests of ${area} took ${took} CPU seconds, more than their budget of ${budget}: ${remedy}`];
  });
}

/** Areas of tests without a budget, and budgets of areas that are gone. */
export function budgetGaps(root: string): string[] {
  const areas = new Set(testFiles(root, TESTS).map((file) => areasOf(file).at(-1) ?? file));
  const budgets = Object.keys(readBudgets(root));
  return [
    ...[...areas]
      .filter((area) => !budgets.includes(area))
      .map((area) => `${FILE}: no budget for the tests of ${area}`),
    ...budgets.filter((area) => !areas.has(area)).map((area) => `${FILE}: there are no tests of ${area} any more`),
  ];
}
