import { describe, expect, it } from 'vitest';
import type { TestOutcome } from './outcome.ts';
import { unsteady } from './unsteady.ts';

function saw(name: string, outcome: TestOutcome['outcome'], failure: TestOutcome['failure'] = null): TestOutcome {
  return { id: { suite: '', file: '', class: '', name, ordinal: 1 }, outcome, failure, detail: '' };
}

const look = { check: 'unit', ids: ['a', 'b'], where: 'the base' } as const;

describe('a second look', () => {
  it('that sees the same again finds nothing', () => {
    const again = [saw('a', 'failed', 'test'), saw('b', 'failed', 'test'), saw('other', 'passed')];
    expect([...unsteady({ ...look, wanted: 'failed', again })]).toEqual([]);
    expect([...unsteady({ ...look, wanted: 'passed', again: [saw('a', 'passed'), saw('b', 'passed')] })]).toEqual([]);
  });

  it.each<[string, TestOutcome[]]>([
    ['passes', [saw('a', 'passed')]],
    ['is skipped', [saw('a', 'skipped')]],
    ['is gone', []],
    ['does not load', [saw('a', 'failed', 'load')]],
  ])('names a red test that then %s, and what to do', (word, then) => {
    const found = unsteady({ ...look, wanted: 'failed', again: [...then, saw('b', 'failed', 'test')] });
    expect([...found.keys()]).toEqual(['a']);
    expect(found.get('a')).toContain('"a" has two outcomes on the same code: make it deterministic');
    expect(found.get('a')).toContain(`On the base it fails, and asked again there it ${word}.`);
  });

  it('names a test that passes on the change and then fails', () => {
    const again = [saw('a', 'passed'), saw('b', 'failed', 'test')];
    const found = unsteady({ ...look, where: 'your change', wanted: 'passed', again });
    expect([...found.values()]).toEqual([expect.stringContaining('it passes, and asked again there it fails')]);
  });
});
