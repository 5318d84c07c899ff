/** A folder of Python: pytest, in a virtual environment of the folder's own where something must be installed. */
import type { Folder, FoundSuite, Tools } from './suites.ts';

const TEST_FILE = /(^|\/)(test_[^/]*|[^/]*_test)\.py$/;
const REQUIREMENTS = /^requirements([-_.](dev|test|tests|testing))?\.txt$/;
const SETTINGS = ['pytest.ini', 'tox.ini', 'setup.cfg'];
const REPORT = '-q --junitxml="$LAMPLIGHTER_REPORT"';

export function pythonSuite(folder: Folder, tools: Tools): FoundSuite | null {
  const tests = folder.files.filter((file) => TEST_FILE.test(file));
  if (tests.length === 0) return null;
  const wanted = installs(folder);
  const venv = wanted.length > 0 || !tools.pytest;
  const python = venv ? '.venv/bin/python' : 'python3';
  const install = ['.venv/bin/pip install -q', ...wanted, 'pytest'].join(' ');
  const unread = ['poetry.lock', 'uv.lock', 'Pipfile'].filter((name) => folder.files.includes(name));
  return {
    suite: {
      language: 'python',
      dir: folder.dir,
      setup: venv ? `python3 -m venv .venv && ${install}` : null,
      test: `${python} -m pytest ${REPORT}`,
      report: 'junit',
      globs: globsOf(tests),
      build: `${python} -m pytest -q`,
      protect: SETTINGS.filter((name) => folder.files.includes(name)),
      notes: unread.map(
        (name) =>
          `${name} is not used: the drafted setup installs with pip. Change it to what you use, if that matters.`,
      ),
    },
  };
}

/** What pip is given beside pytest. */
function installs(folder: Folder): string[] {
  const lists = folder.files.filter((file) => REQUIREMENTS.test(file) && /^\s*[^#\s]/m.test(folder.read(file) ?? ''));
  return [...lists.map((file) => `-r ${file}`), ...(isPackage(folder) ? ['-e .'] : [])];
}

/** Tests of a package in `src/`, or with dependencies of its own, import what is installed. */
function isPackage(folder: Folder): boolean {
  const toml = folder.read('pyproject.toml') ?? '';
  const built = /^\[(project|tool\.poetry)\]/m.test(toml) || folder.files.includes('setup.py');
  const needs =
    /^dependencies\s*=\s*\[\s*[^\]\s]/m.test(toml) ||
    /^\[tool\.poetry\.dependencies\]/m.test(toml) ||
    /install_requires/.test(`${folder.read('setup.py') ?? ''}${folder.read('setup.cfg') ?? ''}`);
  return built && (needs || folder.files.some((file) => file.startsWith('src/')));
}

function globsOf(tests: readonly string[]): string[] {
  const folders = ['tests', 'test'].filter((name) => tests.some((file) => file.startsWith(`${name}/`)));
  const loose = tests.some((file) => !folders.some((name) => file.startsWith(`${name}/`)));
  return [...folders.map((name) => `${name}/**`), ...(loose ? ['**/test_*.py', '**/*_test.py'] : []), '**/conftest.py'];
}
