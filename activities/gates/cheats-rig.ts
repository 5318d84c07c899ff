/** The JavaScript repo that the cheats and their honest twins change. */
import { contractOf } from './gates-rig.ts';

const PACKAGE = { name: 'p', type: 'module', scripts: { test: 'npm run unit', unit: 'sh tools/check.sh', start: 'x' } };
export const HEADER = "import test from 'node:test';\nimport assert from 'node:assert';\n";
export const OLD = `${HEADER}import { add } from '../src/add.js';
for (const [a, b, sum] of [
  [1, 2, 3],
  [0, 0, 0],
]) test(\`adds \${a} and \${b}\`, () => assert.equal(add(a, b), sum));
`;
export const SNAPSHOT = 'exports[`page 1`] = `\n11\n`;\n';
export const BASE = {
  'package.json': JSON.stringify(PACKAGE),
  'src/add.js': 'export const add = (a, b) => a + b;\n',
  'test/add.test.js': OLD,
  'test/page.test.js': `${HEADER}import { add } from '../src/add.js';\ntest('page', (t) => t.assert.snapshot(add(5, 6)));\n`,
  'test/page.test.js.snapshot': SNAPSHOT,
  'test/setup.js': '// before every test file\n',
  'tools/check.sh':
    'node --import ./test/setup.js --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT" "$@" "test/*.test.js"\n',
  'vitest.config.ts':
    "export default { test: { setupFiles: ['./test/patches.js'], globalSetup: './tools/global', reporters: ['./tools/quiet.js'] } };\n",
  'test/patches.js': '// around every test\n',
  'tools/global.js': '// before all\n',
  'tools/quiet.js': '// tells the results\n',
};
export const CODE = { 'src/add.js': 'export const add = (a, b) => Number(a) + Number(b);\n' };
export const TEST = {
  'test/text.test.js': `${HEADER}import { add } from '../src/add.js';\ntest('adds text', () => assert.equal(add('1', '2'), 3));\n`,
};
export const HONEST = { ...CODE, ...TEST };
// Snapshots are beside what these globs name.
const globs = ['test/**/*.js'];
export const contract = contractOf({ test: 'npm test --silent', globs });
/** The same without npm, which takes longer to start, twice, than the tests take to run. */
export const withoutNpm = contractOf({ test: 'sh tools/check.sh', globs });
/** And without a process for each test file, where it is no matter. */
export const inOneProcess = contractOf({ test: 'sh tools/check.sh --test-isolation=none', globs });
export const scripts = (more: object, rest: object = {}) =>
  JSON.stringify({ ...PACKAGE, ...rest, scripts: { ...PACKAGE.scripts, ...more } });
