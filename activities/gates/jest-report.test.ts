/** What jest-junit leaves out of its report unless it is told not to: a file of tests that does not load. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { contractOf, openRig, type Rig } from './gates-rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

/** A runner that reports as jest-junit 17 does. */
const RUNNER = `import { readdirSync, writeFileSync } from 'node:fs';
const all = process.env.JEST_JUNIT_REPORT_TEST_SUITE_ERRORS === 'true';
const suites = [];
for (const file of readdirSync('test').toSorted()) {
  const path = 'test/' + file;
  let tests;
  try {
    ({ tests } = await import('./' + path));
  } catch (error) {
    process.exitCode = 1;
    if (all) suites.push(\`<testsuite name="\${path}" errors="1"><testcase classname="Test suite failed to run" name="\${path}"><error>\${error.code}</error></testcase></testsuite>\`);
    continue;
  }
  const cases = Object.entries(tests).map(([name, run]) => {
    const ok = run();
    if (!ok) process.exitCode = 1;
    return \`<testcase classname="\${name}" name="\${name}">\${ok ? '' : '<failure>no</failure>'}</testcase>\`;
  });
  suites.push(\`<testsuite name="\${file}">\${cases.join('')}</testsuite>\`);
}
writeFileSync(process.env.LAMPLIGHTER_REPORT, \`<testsuites>\${suites.join('')}</testsuites>\`);
`;

describe.skipIf(!has('bwrap'))('a runner that reports as jest-junit does', () => {
  it('tells of a new test that does not load on main, so that an honest new module is proven', async () => {
    const base = await rig.commit({
      'package.json': '{"name":"p","type":"module"}',
      'run.js': RUNNER,
      'src/add.js': 'export const add = (a, b) => a + b;\n',
      'test/add.test.js':
        "import { add } from '../src/add.js';\nexport const tests = { adds: () => add(1, 2) === 3 };\n",
    });
    const head = await rig.commit({
      'src/sub.js': 'export const sub = (a, b) => a - b;\n',
      'test/sub.test.js':
        "import { sub } from '../src/sub.js';\nexport const tests = { subtracts: () => sub(3, 2) === 1 };\n",
    });
    expect(await rig.verify(base, head, contractOf({ test: 'node run.js' }))).toEqual({ kind: 'proven' });
  });
});
