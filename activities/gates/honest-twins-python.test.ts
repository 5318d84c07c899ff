/** What looks like a cheat of cheats-python.test.ts and is none: each is proven. Removal of a feature: waivers.test.ts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { hasPytest } from './rig-toolchains.ts';
import { BASE, contract, HONEST, IMPORT, OLD, PROJECT } from './cheats-python-rig.ts';
import { openRig, type Rig, type Tree } from './gates-rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ knowsBases: true });
});
afterEach(() => rig.close());

async function proven(change: Tree, changedTests: { id: string; reason: string }[] = []): Promise<void> {
  const base = await rig.commit(BASE);
  expect(await rig.verify(base, await rig.commit(change), contract, changedTests)).toEqual({ kind: 'proven' });
}

describe.skipIf(!has('bwrap') || !hasPytest())('an honest twin in Python is proven', () => {
  it('a fixture in conftest.py, another row, and a dependency', () =>
    proven({
      ...HONEST,
      'pyproject.toml': PROJECT.replace('dependencies = []', 'dependencies = ["pytest>=8"]'),
      'tests/conftest.py': 'import pytest\n@pytest.fixture\ndef nine():\n    return 9\n',
      'tests/test_square.py': OLD.replace('(2, 4)', '(2, 4), (3, 9)'),
    }));

  it('a new symbol, imported by name as every test does', () =>
    proven({
      'calc.py': `${BASE['calc.py']}def cube(a):\n    return a * a * a\n`,
      'tests/test_cube.py': `${IMPORT}from calc import cube\ndef test_cube():\n    assert cube(2) == 8\n`,
    }));

  it('a refactoring that renames a function and its tests, with a reason for each', () =>
    proven(
      {
        'calc.py': 'def power(a):\n    return a * a\n',
        'tests/test_square.py': null,
        'tests/test_power.py': OLD.replaceAll('square', 'power'),
      },
      ['test_square[1-1]', 'test_square[2-4]'].map((id) => ({ id, reason: 'the issue asks for the name power' })),
    ));

  it('an old test that an acceptance criterion changes, with that reason', () =>
    proven(
      {
        'calc.py': 'def square(a):\n    return float(a * a) + 0.5\n',
        'tests/test_square.py': OLD.replace('(1, 1), (2, 4)', '(1, 1.5), (2, 4.5)'),
      },
      ['test_square[1-1]', 'test_square[2-4]'].map((id) => ({ id, reason: 'half more, says the first criterion' })),
    ));

  it('a test that reads the environment, and one whose data are fixtures', () =>
    proven({
      'calc.py': HONEST['calc.py'],
      'tests/fixtures/venv/rows.txt': '3\n'.repeat(5_000),
      'tests/test_text.py': `${IMPORT}import os\ndef test_ci():\n    assert calc.square(os.environ["CI"]) == 1\ndef test_rows():\n    assert calc.square(open("tests/fixtures/venv/rows.txt").read(1)) == 9\n`,
    }));
});
