import { describe, expect, it } from 'vitest';
import type { TestOutcome } from './outcome.ts';
import { unloadablePaths } from './unloadable.ts';

function failed(name: string, detail: string, failure: 'load' | 'test' = 'load'): TestOutcome {
  return { id: { suite: '', file: '', class: '', name, ordinal: 1 }, outcome: 'failed', failure, detail };
}

describe('test files that do not load', () => {
  it.each<[string, TestOutcome, string[], string, string[]]>([
    [
      'by path (node)',
      failed('test/old.test.js', ''),
      ['test/old.test.js', 'test/b.test.js'],
      '.',
      ['test/old.test.js'],
    ],
    ['by path from the folder of the check', failed('test/a.js', ''), ['web/test/a.js'], 'web', ['web/test/a.js']],
    [
      'by module (pytest)',
      failed('tests.test_old', ''),
      ['tests/test_old.py', 'x/test_old.py'],
      '.',
      ['tests/test_old.py'],
    ],
    [
      'by the error (pytest)',
      failed('', "ImportError while importing test module '/checkout/tests/test_old.py'."),
      ['tests/test_old.py', 'tests/test_b.py'],
      '.',
      ['tests/test_old.py'],
    ],
    [
      'by file within a package (Go)',
      failed('shop/cart', './old_test.go:5:2: undefined: Old\n./old_test.go:9:2: undefined: Old'),
      ['cart/old_test.go', 'cart/cold_test.go'],
      '.',
      ['cart/old_test.go'],
    ],
  ])('are known %s', (_how, outcome, paths, dir, expected) => {
    expect(unloadablePaths([outcome], paths, dir)).toEqual(expected);
  });

  it('are none where a test failed by its assertion, or nothing of them is named', () => {
    expect(unloadablePaths([failed('test/a.js', 'test/a.js', 'test')], ['test/a.js'], '.')).toEqual([]);
    expect(unloadablePaths([failed('elsewhere', 'no such module')], ['test/a.js'], '.')).toEqual([]);
  });
});
