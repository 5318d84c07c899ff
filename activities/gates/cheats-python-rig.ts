/** The pytest repo that the cheats and their honest twins change. */
import { contractOf } from './gates-rig.ts';

export const IMPORT = 'import sys; sys.path.insert(0, ".")\nimport calc\n';
export const OLD = `${IMPORT}import pytest\n@pytest.mark.parametrize("a,b", [(1, 1), (2, 4)])\ndef test_square(a, b):\n    assert calc.square(a) == b\n`;
export const PROJECT =
  '[project]\nname = "p"\nversion = "1"\ndependencies = []\n\n[tool.pytest.ini_options]\naddopts = "-q"\n';
export const BASE = {
  'calc.py': 'def square(a):\n    return a * a\n',
  'pyproject.toml': PROJECT,
  'tests/test_square.py': OLD,
  'tests/conftest.py': '# fixtures\n',
};
export const HONEST = {
  'calc.py': 'def square(a):\n    return int(a) * int(a)\n',
  'tests/test_text.py': `${IMPORT}def test_text():\n    assert calc.square("3") == 9\n`,
};
export const contract = contractOf(
  {
    globs: ['tests/**'],
    test: 'python3 -m pytest -p no:cacheprovider --junitxml="$LAMPLIGHTER_REPORT"',
  },
  { toolchain: ['python'] },
);
