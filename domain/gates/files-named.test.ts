import { describe, expect, test } from 'vitest';
import { filesNamed } from './files-named.ts';

const TREE = new Set([
  'index.js',
  'lib/sum.js',
  'run-tests.js',
  'rules/own.js',
  'eslint.config.js',
  'tools/check.py',
  'pkg/index.js',
]);
const named = (command: string, dir = '.'): string[] => filesNamed(command, dir, TREE);

describe('files that a command names', () => {
  test.each([
    ['node run-tests.js', ['run-tests.js']],
    ['NODE_ENV=test node ./run-tests.js lib/sum.js', ['run-tests.js', 'lib/sum.js']],
    ['python3 -m tools.check', ['tools/check.py']],
    ['node --test --import=./rules/own.js', ['rules/own.js']],
  ])('are the harness where it runs or loads them: %s', (command, files) => {
    expect(named(command)).toEqual(files);
  });

  test.each([
    'node --check index.js',
    'node -c index.js lib/sum.js',
    'npx eslint index.js lib/sum.js',
    'eslint --fix index.js && standard lib/sum.js',
    'npm exec -- tsc index.js',
    'prettier --check index.js; oxlint lib/sum.js',
    'python3 -m mypy tools/check.py',
  ])('are no harness where it only reads them: %s', (command) => {
    expect(named(command)).toEqual([]);
  });

  test.each([
    ['eslint --config eslint.config.js --rulesdir rules/own.js index.js', ['eslint.config.js', 'rules/own.js']],
    ['eslint -c eslint.config.js index.js && node run-tests.js', ['eslint.config.js', 'run-tests.js']],
    ['node --check --import ./rules/own.js index.js', ['rules/own.js']],
    ['node --check index.js && node index.js', ['index.js']],
    ['node --check $(node index.js)', ['index.js']],
    ['node run-tests.js --check index.js', ['run-tests.js', 'index.js']],
  ])('the configuration of a reader, and what another command runs, stay harness: %s', (command, files) => {
    expect(named(command)).toEqual(files);
  });

  test('are looked for in the folder of the check and at the root', () => {
    expect(named('node index.js', 'pkg')).toEqual(['pkg/index.js', 'index.js']);
  });
});
