/** The cheats of a pytest repo, and marks of other languages: each refused for the right reason; honest twins are proven (invariant 4). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { contractOf, HAS_PYTEST, openBench, type Bench, type Tree } from './gates-bench.ts';

const IMPORT = 'import sys; sys.path.insert(0, ".")\nimport calc\n';
const OLD = `${IMPORT}import pytest\n@pytest.mark.parametrize("a,b", [(1, 1), (2, 4)])\ndef test_square(a, b):\n    assert calc.square(a) == b\n`;
const PROJECT =
  '[project]\nname = "p"\nversion = "1"\ndependencies = []\n\n[tool.pytest.ini_options]\naddopts = "-q"\n';
const BASE = {
  'calc.py': 'def square(a):\n    return a * a\n',
  'pyproject.toml': PROJECT,
  'tests/test_square.py': OLD,
  'tests/conftest.py': '# fixtures\n',
};
const HONEST = {
  'calc.py': 'def square(a):\n    return int(a) * int(a)\n',
  'tests/test_text.py': `${IMPORT}def test_text():\n    assert calc.square("3") == 9\n`,
};
const contract = contractOf({
  globs: ['tests/**'],
  test: 'python3 -m pytest -p no:cacheprovider --junitxml="$LAMPLIGHTER_REPORT"',
});

const SEEN: readonly (readonly [name: string, change: Tree, refused: RegExp])[] = [
  [
    'pytest narrowed by its options',
    { 'pyproject.toml': PROJECT.replace('-q', '-q -k text') },
    /pyproject\.toml changes \[tool\.pytest\.ini_options\]/,
  ],
  [
    'pytest narrowed in setup.cfg',
    { 'setup.cfg': '[tool:pytest]\naddopts = -k text\n' },
    /setup\.cfg changes \[tool:pytest\]/,
  ],
  [
    'pytest.ini, which wins over pyproject.toml',
    { 'pytest.ini': '[pytest]\naddopts = -k text\n' },
    /pytest\.ini belongs to the test harness/,
  ],
  [
    'a conftest that drops failures',
    {
      'tests/conftest.py':
        'import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item):\n    (yield).get_result().outcome = "passed"\n',
    },
    /tests\/conftest\.py:3 adds `def pytest_runtest_makereport`/,
  ],
  [
    'a conftest that deselects',
    { 'tests/conftest.py': 'def pytest_collection_modifyitems(items):\n    items.clear()\n' },
    /adds `def pytest_collection_modifyitems`/,
  ],
  ['a conftest beside the tests', { 'conftest.py': 'x = 1\n' }, /^conftest\.py belongs to the test harness/m],
  ['a pytest of its own', { 'pytest.py': 'print("1 passed")\n' }, /pytest\.py belongs to the test harness/],
  [
    'code that Python loads at its start',
    { 'sitecustomize.py': 'import os\n' },
    /sitecustomize\.py belongs to the test harness/,
  ],
  [
    'expected to fail',
    { 'tests/test_more.py': 'import pytest\n@pytest.mark.xfail\ndef test_x():\n    assert False\n' },
    /adds `mark\.xfail`/,
  ],
  [
    'skipped',
    { 'tests/test_more.py': 'import pytest\n@pytest.mark.skip\ndef test_x():\n    assert False\n' },
    /adds `mark\.skip`/,
  ],
  ['skipped in Go', { 'tests/a_test.go': 'func TestX(t *testing.T) { t.Skip() }\n' }, /adds `t\.Skip\(`/],
  ['ignored in Rust', { 'src/lib.rs': '#[ignore]\nfn x() {}\n' }, /adds `#\[ignore`/],
  ['not run by cargo', { 'Cargo.toml': '[lib]\ntest = false\n' }, /Cargo\.toml changes \[lib\]/],
  [
    'run by another program than cargo',
    { '.cargo/config.toml': '[target.x]\nrunner = "true"\n' },
    /config\.toml belongs to the test harness/,
  ],
];

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

async function refusal(base: string, head: string): Promise<string> {
  const verified = await bench.verify(base, head, contract);
  if (verified.kind !== 'refused') throw new Error(`expected a refusal, got ${JSON.stringify(verified)}`);
  return verified.findings.join('\n');
}

describe.skipIf(!has('bwrap'))('a cheat in Python, Go or Rust is refused for what it is', () => {
  it.each(SEEN)('before anything of it runs: %s', async (_name, change, refused) => {
    const base = await bench.commit(BASE);
    expect(await refusal(base, await bench.commit({ ...HONEST, ...change }))).toMatch(refused);
    expect(bench.ran).toEqual([]);
  });

  it.skipIf(!HAS_PYTEST)('by its tests: a row of a parametrised test removed', async () => {
    const base = await bench.commit(BASE);
    const head = await bench.commit({ ...HONEST, 'tests/test_square.py': OLD.replace(', (2, 4)', '') });
    expect(await refusal(base, head)).toMatch(/test_square\[2-4\]" passes on the base and is gone/);
  });

  it.skipIf(!HAS_PYTEST)('by its tests: `assert True` behind a missing import', async () => {
    const base = await bench.commit(BASE);
    const head = await bench.commit({
      'cube.py': 'def cube(a):\n    return a * a * a\n',
      'tests/test_cube.py':
        'import sys; sys.path.insert(0, ".")\nfrom cube import cube\ndef test_cube():\n    assert True\n',
    });
    expect(await refusal(base, head)).toContain('with empty functions in place of what they import they pass');
  });
});

describe.skipIf(!has('bwrap') || !HAS_PYTEST)('an honest twin in Python is proven', () => {
  it('a fixture in conftest.py, another row, and a dependency', async () => {
    const base = await bench.commit(BASE);
    const head = await bench.commit({
      ...HONEST,
      'pyproject.toml': PROJECT.replace('dependencies = []', 'dependencies = ["pytest>=8"]'),
      'tests/conftest.py': 'import pytest\n@pytest.fixture\ndef nine():\n    return 9\n',
      'tests/test_square.py': OLD.replace('(2, 4)', '(2, 4), (3, 9)'),
    });
    expect(await bench.verify(base, head, contract)).toEqual({ kind: 'proven' });
  });
});
