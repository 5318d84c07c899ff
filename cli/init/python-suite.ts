/** A folder of Python: pytest, in a virtual environment of the folder's own where something must be installed. */
import { pythonPackage, type PythonPackage } from './pyproject.ts';
import type { Folder, FoundSuite, Tools } from './suite.ts';

const TEST_FILE = /(^|\/)(test_[^/]*|[^/]*_test)\.py$/;
const REQUIREMENTS =
  /^(requirements([-_.](dev|tests?|testing))?|(tests?|testing)[-_.]requirements|requirements\/(tests?|testing|dev))\.txt$/;
const SETTINGS = ['pytest.ini', 'tox.ini', 'setup.cfg'];
const REPORT = '-q --junitxml="$LAMPLIGHTER_REPORT"';

export function pythonSuite(folder: Folder, tools: Tools): FoundSuite | null {
  const about = pythonPackage(folder);
  const named = about.testPaths.filter((path) => path.endsWith('.py'));
  const tests = folder.files.filter((file) => TEST_FILE.test(file) || named.includes(file));
  if (tests.length === 0) return null;
  const wanted = setupOf(folder, about);
  const venv = wanted !== null || !tools.pytest;
  const python = venv ? '.venv/bin/python' : 'python3';
  const install = (wanted ?? 'pip install -q pytest').replaceAll('pip install', '.venv/bin/pip install');
  const unread = ['poetry.lock', 'uv.lock', 'Pipfile'].filter((name) => folder.files.includes(name));
  return {
    suite: {
      language: 'python',
      dir: folder.dir,
      // Few repos ignore it, and an agent that adds all would commit it. Python does this itself from 3.13 on.
      setup: venv ? `python3 -m venv .venv && echo '*' > .venv/.gitignore && ${install}` : null,
      test: `${python} -m pytest ${REPORT}`,
      report: 'junit',
      globs: globsOf(tests, named),
      build: `${python} -m pytest -q`,
      protect: SETTINGS.filter((name) => folder.files.includes(name)),
      notes: unread.map(
        (name) =>
          `${name} is not used: the drafted setup installs with pip. Change it to what you use, if that matters.`,
      ),
    },
  };
}

/** In one line of shell: an environment in the folder, and in it all that the tests import. */
function setupOf(folder: Folder, about: PythonPackage): string | null {
  const lists = folder.files.filter((file) => REQUIREMENTS.test(file) && /^\s*[^#\s]/m.test(folder.read(file) ?? ''));
  const wanted = [
    ...lists.map((file) => `-r ${file}`),
    ...(about.installed ? [about.extra === '' ? '-e .' : `-e '.${about.extra}'`] : []),
    ...(about.group === null ? [] : [`--group ${about.group}`]),
  ];
  if (wanted.length === 0) return null;
  const version = about.versionFromGit && about.installed ? 'SETUPTOOLS_SCM_PRETEND_VERSION=0 ' : '';
  return [
    // Groups are known to pip from 25.1 on, and a new environment has the one that came with its Python.
    ...(about.group === null ? [] : ["pip install -q 'pip>=25.1'"]),
    `${version}pip install -q ${[...wanted, 'pytest'].join(' ')}`,
  ].join(' && ');
}

function globsOf(all: readonly string[], named: readonly string[]): string[] {
  const tests = all.filter((file) => !named.includes(file));
  const folders = ['tests', 'test'].filter((name) => tests.some((file) => file.startsWith(`${name}/`)));
  const loose = tests.some((file) => !folders.some((name) => file.startsWith(`${name}/`)));
  return [
    ...named,
    ...folders.map((name) => `${name}/**`),
    ...(loose ? ['**/test_*.py', '**/*_test.py'] : []),
    '**/conftest.py',
  ];
}
