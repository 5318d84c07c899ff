/** The contract's setup, in the gates: what it makes is of the tree that is judged, and of nothing that was there before. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { BASE as WHOLE, CODE, HEADER, OLD, TEST } from './cheats-rig.ts';
import { contractOf, openRig, type Rig, type Tree } from './gates-rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const RUNS =
  'node --test --test-isolation=none --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT" "test/*.test.js"';
const SRC: Tree = { 'package.json': '{"name":"p","type":"module"}', 'src/add.js': WHOLE['src/add.js'] };
const ofDist = (text: string): string => text.replaceAll('../src/', '../dist/');
const BUILT: Tree = { ...SRC, '.gitignore': 'dist\n', 'test/add.test.js': ofDist(OLD) };
const builds = contractOf({ setup: 'mkdir dist && cp src/*.js dist/', test: RUNS });
const NEW_TEST: Tree = { 'test/text.test.js': ofDist(TEST['test/text.test.js']) };

describe.skipIf(!has('bwrap'))('a setup that builds', () => {
  it('builds the change where the change is tested: an honest one is proven', async () => {
    const base = await rig.commit(BUILT);
    expect(await rig.verify(base, await rig.commit({ ...CODE, ...NEW_TEST }), builds)).toEqual({ kind: 'proven' });
  });

  it('leaves nothing of main that a broken change could pass with', async () => {
    const base = await rig.commit(BUILT);
    const broken = 'export const add = (a, b) => (typeof a === "number" ? 99 : Number(a) + Number(b));\n';
    const verified = await rig.verify(base, await rig.commit({ ...NEW_TEST, 'src/add.js': broken }), builds);
    expect(verified.kind === 'refused' && verified.findings.join('\n')).toMatch(
      /the base's own test ".*adds 1 and 2" passes on the base and fails/,
    );
  });

  it('and that fails on the base because a new test asks for what is not there: red by empty functions in its place', async () => {
    const whole = 'for f in $(grep -ho "[a-z]*[.]js\'" test/*.js | tr -d "\'"); do test -e "src/$f" || exit 3; done';
    const base = await rig.commit(BUILT);
    const head = await rig.commit({
      'src/sub.js': 'export const sub = (a, b) => a - b;\n',
      'test/sub.test.js': `${HEADER}import { sub } from '../dist/sub.js';\ntest('subtracts', () => assert.equal(sub(3, 2), 1));\n`,
    });
    const strict = contractOf({ setup: `${whole}; mkdir dist && cp src/*.js dist/`, test: RUNS });
    expect(await rig.verify(base, head, strict)).toEqual({ kind: 'proven' });
  });
});

describe.skipIf(!has('bwrap'))('a setup that installs', () => {
  const workspace: Tree = {
    'package.json': '{"name":"shop","private":true}',
    'pnpm-workspace.yaml': 'packages: ["packages/*"]\n',
    '.gitignore': 'node_modules\n',
    'packages/cart/package.json': '{"name":"cart","type":"module","dependencies":{"dep":"1"}}',
    'packages/cart/add.js': "import { plus } from 'dep';\nexport const add = (a, b) => plus(a, b);\n",
    'packages/cart/test/add.test.js': `${HEADER}import { add } from '../add.js';\ntest('adds', () => assert.equal(add(1, 2), 3));\n`,
  };
  const installs = contractOf({
    // As pnpm lays a workspace out: each package has a folder of its own, of links.
    setup: [
      'echo ran >> /shared/setups; mkdir -p node_modules/.pnpm/dep packages/cart/node_modules',
      'echo \'{"name":"dep","type":"module","main":"i.js"}\' > node_modules/.pnpm/dep/package.json',
      'echo "export const plus = (a, b) => a + b;" > node_modules/.pnpm/dep/i.js',
      'ln -s ../../../node_modules/.pnpm/dep packages/cart/node_modules/dep',
      'git config core.hooksPath .hooks',
    ].join('; '),
    test: `git config core.hooksPath && ${RUNS.replace('"test/', '"packages/*/test/')}`,
    globs: ['packages/*/test/**'],
  });

  it("into the folders of packages, and writes git's settings, has done so in each gate", async () => {
    const base = await rig.commit(workspace);
    const head = await rig.commit({
      'packages/cart/add.js': "import { plus } from 'dep';\nexport const add = (a, b) => plus(Number(a), Number(b));\n",
      'packages/cart/test/text.test.js': `${HEADER}import { add } from '../add.js';\ntest('adds text', () => assert.equal(add('1', '2'), 3));\n`,
    });
    expect(await rig.verify(base, head, installs)).toEqual({ kind: 'proven' });
    const ran = readFileSync(join(rig.dir, 'shared', 'setups'), 'utf8')
      .trim()
      .split('\n');
    // The base twice, red twice, regression, green, and once more for what was red.
    expect(ran).toHaveLength(7);
  });
});
