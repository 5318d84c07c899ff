/** Small real repos that tests of `init` look at. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type Files = Readonly<Record<string, string>>;

const NODE: Files = {
  'package.json': '{ "name": "sum", "type": "module", "scripts": { "test": "node --test" } }\n',
  'sum.js': 'export function add(a, b) {\n  return a + b;\n}\n',
  'test/sum.test.js':
    "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport * as sum from '../sum.js';\n\ntest('adds', () => assert.equal(sum.add(1, 2), 3));\n",
};

const PYTHON: Files = {
  'pytest.ini': '[pytest]\npythonpath = .\n',
  'calc.py': 'def add(a, b):\n    return a + b\n',
  'tests/test_calc.py': 'import calc\n\n\ndef test_add():\n    assert calc.add(1, 2) == 3\n',
};

const GO: Files = {
  'go.mod': 'module example.org/sum\n\ngo 1.21\n',
  'sum.go': 'package sum\n\nfunc Add(a, b int) int {\n\treturn a + b\n}\n',
  'sum_test.go':
    'package sum\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 {\n\t\tt.Fatal("not 3")\n\t}\n}\n',
};

export const REPOS = {
  node: NODE,
  python: PYTHON,
  go: GO,
  monorepo: { ...inFolder('web', NODE), ...inFolder('api', PYTHON) },
} as const;

export function inFolder(folder: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
}

export function writeFiles(dir: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

export function git(dir: string, ...args: string[]): string {
  return execFileSync('git', ['-c', 'user.name=ada', '-c', 'user.email=ada@example.invalid', ...args], {
    cwd: dir,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
}

/** A clone with one commit on main; without a remote. */
export function makeRepo(dir: string, files: Files): string {
  mkdirSync(dir, { recursive: true });
  git(dir, 'init', '-q', '-b', 'main');
  writeFiles(dir, files);
  git(dir, 'add', '.');
  git(dir, 'commit', '-q', '-m', 'First');
  return dir;
}
