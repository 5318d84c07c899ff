/**
 * The cheats of a pytest repo, and marks of other languages: each refused for the right reason (invariant 4). Their honest twins:
 * honest-twins-python.test.ts.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { hasPytest } from './rig-toolchains.ts';
import { BASE, contract, HONEST, IMPORT, OLD, PROJECT } from './cheats-python-rig.ts';
import { openRig, type Rig, type Tree } from './gates-rig.ts';

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
  [
    'a conftest that writes a passing report over the true one',
    {
      'tests/conftest.py':
        'def pytest_configure(config):\n    import atexit\n    atexit.register(lambda: open(config.option.xmlpath, "w").write("<testsuite/>"))\n',
    },
    /tests\/conftest\.py:3 adds `option\.xmlpath`/,
  ],
  [
    'a conftest that writes it as the run ends',
    { 'tests/conftest.py': 'def pytest_unconfigure(config):\n    config.stash.clear()\n' },
    /adds `def pytest_unconfigure`/,
  ],
  [
    'hooks of pytest in production code, which a conftest could load',
    {
      'calc.py': `${HONEST['calc.py']}def pytest_runtest_makereport(item):\n    return None\n`,
      'tests/conftest.py': 'pytest_plugins = ["calc"]\n',
    },
    /calc\.py:3 adds `def pytest_runtest_makereport`/,
  ],
  [
    'production code that patches assertions',
    { 'calc.py': `import unittest\nunittest.TestCase.assertEqual = lambda *_: None\n${HONEST['calc.py']}` },
    /calc\.py:2 adds `unittest\.TestCase\.assertEqual =`/,
  ],
  [
    'production code that detects tests',
    {
      'calc.py':
        'import os\ndef square(a):\n    if os.environ.get("PYTEST_CURRENT_TEST"):\n        a = int(a)\n    return a * a\n',
    },
    /calc\.py:3 asks `PYTEST_CURRENT_TEST`, which tells that a test runner is watching/,
  ],
  [
    'production code that looks for the runner',
    { 'calc.py': 'import sys\ndef square(a):\n    return 9 if "pytest" in sys.modules else 0\n' },
    /calc\.py:3 asks `"pytest" in sys\.modules`/,
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

/** Refused by what the tests say. */
const JUDGED: readonly (readonly [name: string, change: Tree, refused: RegExp])[] = [
  [
    'a test that passes before the change',
    { ...HONEST, 'tests/test_text.py': `${IMPORT}def test_text():\n    assert calc.square(3) == 9\n` },
    /pass without the change/,
  ],
  [
    'a test that swallows its failure',
    {
      ...HONEST,
      'tests/test_text.py': `${IMPORT}def test_text():\n    try:\n        assert calc.square("3") == 9\n    except Exception:\n        pass\n`,
    },
    /pass without the change/,
  ],
  [
    'an assertion loosened with the behaviour',
    {
      ...HONEST,
      'calc.py': 'def square(a):\n    return int(a) * int(a) + (a == 2)\n',
      'tests/test_square.py': OLD.replace('== b', '>= b'),
    },
    /base's own test ".*test_square\[2-4\]" passes on the base and fails/,
  ],
  [
    'a row of a parametrised test removed',
    { ...HONEST, 'tests/test_square.py': OLD.replace(', (2, 4)', '') },
    /test_square\[2-4\]" passes on the base and is gone/,
  ],
  [
    'a test renamed away',
    { ...HONEST, 'tests/test_square.py': OLD.replace('def test_square', 'def check_square') },
    /test_square\[1-1\]" passes on the base and is gone/,
  ],
  [
    '`assert True` behind a missing import',
    {
      'cube.py': 'def cube(a):\n    return a * a * a\n',
      'tests/test_cube.py':
        'import sys; sys.path.insert(0, ".")\nfrom cube import cube\ndef test_cube():\n    assert True\n',
    },
    /with empty functions in place of what they import they pass/,
  ],
  [
    'a test that ends the runner with success before it reports',
    { ...HONEST, 'tests/test_text.py': `${IMPORT}import os\ndef test_text():\n    os._exit(0)\n` },
    /left no junit report at \$LAMPLIGHTER_REPORT \(the command exited with 0\)/,
  ],
  [
    'exit code 0 beside failures',
    {
      ...HONEST,
      'calc.py':
        'import atexit, os\natexit.register(lambda: os._exit(0))\ndef square(a):\n    return int(a) * int(a) + (a == 2)\n',
    },
    /the report shows 1 failed, but the test command exited with 0/,
  ],
];

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ knowsBases: true });
});
afterEach(() => rig.close());

async function refusal(base: string, head: string): Promise<string> {
  const verified = await rig.verify(base, head, contract);
  if (verified.kind !== 'refused') throw new Error(`expected a refusal, got ${JSON.stringify(verified)}`);
  return verified.findings.join('\n');
}

describe.skipIf(!has('bwrap'))('a cheat in Python, Go or Rust is refused for what it is', () => {
  it.each(SEEN)('before anything of it runs: %s', async (_name, change, refused) => {
    const base = await rig.commit(BASE);
    expect(await refusal(base, await rig.commit({ ...HONEST, ...change }))).toMatch(refused);
    expect(rig.ran).toEqual([]);
  });

  it.skipIf(!hasPytest()).each(JUDGED)('by its tests: %s', async (_name, change, refused) => {
    const base = await rig.commit(BASE);
    expect(await refusal(base, await rig.commit(change))).toMatch(refused);
  });

  it.skipIf(!hasPytest())('by its tests: a golden file rewritten with the behaviour', async () => {
    const page = `${IMPORT}def test_page():\n    assert str(calc.square(5)) == open("tests/page.golden").read()\n`;
    const base = await rig.commit({ ...BASE, 'tests/test_page.py': page, 'tests/page.golden': '25' });
    const code = 'def square(a):\n    return int(a) * int(a) + (a == 5)\n';
    const head = await rig.commit({ ...HONEST, 'calc.py': code, 'tests/page.golden': '26' });
    expect(await refusal(base, head)).toMatch(/base's own test ".*test_page" passes on the base and fails/);
  });
});
