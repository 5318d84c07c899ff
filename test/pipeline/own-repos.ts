/** Two small repos as their owners would have them: other languages, layouts and test styles than the playground, each with an issue of its own. */
import { ACCEPT, commit } from './scenarios.ts';

interface OwnRepo {
  readonly files: Readonly<Record<string, string>>;
  readonly contract: object;
  readonly issue: { readonly title: string; readonly body: string };
  /** Of the scripted model: looks, proves red, mends, proves green, submits. */
  readonly scenario: object;
}

/** CommonJS, `describe` and `it`, tests beside the code in `lib/`, checked from a folder of its own. */
export const DURATIONS: OwnRepo = {
  files: {
    'CONTEXT.md': 'A duration is written as 1h30m and counted in seconds.\n',
    'durations/package.json': '{ "name": "durations", "version": "1.0.0", "main": "lib/parse.js" }\n',
    'durations/lib/parse.js': [
      `'use strict';`,
      `const SECONDS = { h: 3600, m: 60 };`,
      `exports.parse = (text) => {`,
      `  let total = 0;`,
      `  for (const [, count, unit] of text.matchAll(/(\\d+)([a-z])/g)) total += Number(count) * (SECONDS[unit] ?? 0);`,
      `  return total;`,
      `};`,
      ``,
    ].join('\n'),
    'durations/lib/parse.spec.js': [
      `'use strict';`,
      `const { describe, it } = require('node:test');`,
      `const assert = require('node:assert');`,
      `const { parse } = require('./parse.js');`,
      `describe('parse', () => {`,
      `  describe('of one unit', () => {`,
      `    it('reads hours', () => assert.strictEqual(parse('2h'), 7200));`,
      `    it('reads minutes', () => assert.strictEqual(parse('5m'), 300));`,
      `  });`,
      `  it('adds units up', async () => assert.strictEqual(parse('1h30m'), 5400));`,
      `});`,
      ``,
    ].join('\n'),
  },
  contract: {
    checks: [
      {
        name: 'spec',
        dir: 'durations',
        test: `node --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT" 'lib/**/*.spec.js'`,
        report: 'junit',
        globs: ['**/*.spec.js'],
        minimum: 3,
        timeoutSeconds: 60,
      },
    ],
    toolchain: ['node'],
  },
  issue: { title: 'Durations know seconds', body: '`1m5s` is 65 seconds; the `s` is ignored today.' },
  scenario: {
    triage: ACCEPT,
    steps: [
      {
        expect: { system: { contains: 'A duration is written as 1h30m' }, first: { contains: 'the `s` is ignored' } },
        calls: [
          {
            editor: {
              command: 'str_replace',
              path: 'durations/lib/parse.spec.js',
              old_str: "  it('adds units up'",
              new_str: "  it('reads seconds', () => assert.strictEqual(parse('1m5s'), 65));\n  it('adds units up'",
            },
          },
          { bash: `cd durations && node --test 'lib/**/*.spec.js'; ${commit('Durations: seconds are asked for')}` },
        ],
      },
      {
        expect: { lastMessage: { contains: 'AssertionError' } },
        calls: [
          { bash: `sed -i 's/m: 60 }/m: 60, s: 1 }/' durations/lib/parse.js\n${commit('Durations know seconds')}` },
        ],
      },
      { expect: { results: ['ok'] }, calls: [{ submit: [] }] },
    ],
  },
};

/** A package with fixtures in conftest.py, a class of tests and a parametrised one, configured by pyproject.toml. */
export const STOCK: OwnRepo = {
  files: {
    'CONTEXT.md': 'The stock counts items by name; a count never falls below zero.\n',
    '.gitignore': '__pycache__/\n',
    'pyproject.toml': '[tool.pytest.ini_options]\npythonpath = ["src"]\naddopts = "-ra -p no:cacheprovider"\n',
    'src/stock/__init__.py': [
      `class Stock:`,
      `    def __init__(self):`,
      `        self.counts = {}`,
      ``,
      `    def put(self, name, count=1):`,
      `        self.counts[name] = self.counts.get(name, 0) + count`,
      ``,
      `    def take(self, name, count=1):`,
      `        self.counts[name] = self.counts.get(name, 0) - count`,
      ``,
    ].join('\n'),
    'tests/conftest.py': [
      `import pytest`,
      `from stock import Stock`,
      ``,
      ``,
      `@pytest.fixture`,
      `def stock():`,
      `    full = Stock()`,
      `    full.put("nail", 3)`,
      `    return full`,
      ``,
    ].join('\n'),
    'tests/test_stock.py': [
      `import pytest`,
      ``,
      ``,
      `class TestPut:`,
      `    def test_adds_up(self, stock):`,
      `        stock.put("nail")`,
      `        assert stock.counts["nail"] == 4`,
      ``,
      ``,
      `@pytest.mark.parametrize("taken, left", [(1, 2), (3, 0)])`,
      `def test_take(stock, taken, left):`,
      `    stock.take("nail", taken)`,
      `    assert stock.counts["nail"] == left`,
      ``,
    ].join('\n'),
  },
  contract: {
    checks: [
      {
        name: 'unit',
        test: 'python3 -m pytest -q --junitxml="$LAMPLIGHTER_REPORT"',
        report: 'junit',
        globs: ['tests/**', '**/conftest.py'],
        minimum: 3,
        timeoutSeconds: 60,
      },
    ],
    toolchain: ['python'],
    protected: ['pyproject.toml'],
    build: ['python3 -m compileall -q src'],
  },
  issue: { title: 'Stock never falls below zero', body: 'Taking more than there is raises `ValueError`.' },
  scenario: {
    triage: ACCEPT,
    steps: [
      {
        expect: { system: { contains: 'a count never falls below zero' } },
        calls: [
          {
            bash: `cat >> tests/test_stock.py <<'END'


def test_take_more_than_there_is(stock):
    try:
        stock.take("nail", 4)
    except ValueError:
        pass
    assert stock.counts["nail"] == 3
END
python3 -m pytest -q; ${commit('Stock: more than there is')}`,
          },
        ],
      },
      {
        expect: { lastMessage: { contains: ['1 failed', '3 passed'] } },
        calls: [
          {
            editor: {
              command: 'str_replace',
              path: 'src/stock/__init__.py',
              old_str: '    def take(self, name, count=1):\n',
              new_str:
                '    def take(self, name, count=1):\n        if count > self.counts.get(name, 0):\n            raise ValueError(f"there are fewer than {count} of {name}")\n',
            },
          },
          { bash: `python3 -m pytest -q && ${commit('Stock never falls below zero')}` },
        ],
      },
      { expect: { lastMessage: { contains: '4 passed' } }, calls: [{ submit: [] }] },
    ],
  },
};
