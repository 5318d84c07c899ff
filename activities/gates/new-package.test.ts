/** A package that main does not have yet, in a monorepo: honest ones are proven, and none may change how main's own tests are run. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { HEADER } from './cheats-rig.ts';
import { contractOf, openRig, type Rig, type Tree } from './gates-rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ knowsBases: true });
});
afterEach(() => rig.close());

const json = (value: object): string => `${JSON.stringify(value)}\n`;
const RUNS =
  'node --test --test-isolation=none --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT" "test/*.test.js"';
const manifest = (name: string, more: object = {}): string => json({ name, type: 'module', ...more });
const CONFIGURATION = "export default { test: { include: ['test/*.test.js'] } };\n";
const BASE: Tree = {
  'package.json': manifest('shop', { workspaces: ['packages/*'], devDependencies: { checkit: '1' } }),
  'packages/cart/package.json': manifest('@shop/cart', { scripts: { test: 'node --test' } }),
  'packages/cart/vitest.config.js': CONFIGURATION,
  'packages/cart/add.js': 'export const add = (a, b) => a + b;\n',
  'packages/cart/test/add.test.js': `${HEADER}import { add } from '../add.js';\ntest('adds', () => assert.equal(add(1, 2), 3));\n`,
};
const SUM: Tree = {
  'packages/sum/package.json': manifest('@shop/sum', {
    scripts: { test: 'node --test' },
    dependencies: { '@shop/cart': 'workspace:*' },
  }),
  'packages/sum/vitest.config.js': CONFIGURATION,
  'packages/sum/sum.js': 'export const sum = (all) => all.reduce((a, b) => a + b, 0);\n',
  'packages/sum/test/sum.test.js': `${HEADER}import { sum } from '../sum.js';\ntest('sums', () => assert.equal(sum([1, 2]), 3));\n`,
};
const globs = ['packages/*/test/**'];
const perFile = contractOf({ test: RUNS.replace('test/*', 'packages/*/test/*'), globs });
const inEach = contractOf({ test: 'npm test --workspaces --silent', globs });

describe.skipIf(!has('bwrap'))('a new package in a monorepo', () => {
  it('with a manifest, tests and a runner configuration as its sibling has them is proven', async () => {
    const base = await rig.commit(BASE);
    expect(await rig.verify(base, await rig.commit(SUM), perFile)).toEqual({ kind: 'proven' });
  });

  it.each<[string, Tree, RegExp]>([
    [
      'that takes the place of a package which main installs',
      { 'packages/sum/package.json': manifest('checkit') },
      /sum\/package\.json changes name checkit as no package of main does/,
    ],
    [
      'that takes the place of another package of main',
      { 'packages/sum/package.json': manifest('@shop/cart') },
      /changes name @shop\/cart/,
    ],
    [
      'that brings a program in the place of node',
      { 'packages/sum/package.json': manifest('@shop/sum', { bin: { node: './x.js' } }) },
      /changes bin\.node/,
    ],
    [
      "whose test script is no other package's",
      { 'packages/sum/package.json': manifest('@shop/sum', { scripts: { test: 'true' } }) },
      /changes scripts\.test as no package of main does/,
    ],
    [
      'that an installer runs a script of',
      { 'packages/sum/package.json': manifest('@shop/sum', { scripts: { prepare: 'node x.js' } }) },
      /changes scripts\.prepare/,
    ],
    [
      'whose runner configuration is its own',
      { 'packages/sum/vitest.config.js': 'export default {};\n' },
      /sum\/vitest\.config\.js belongs to the test harness/,
    ],
  ])('%s is refused', async (_what, change, refused) => {
    const base = await rig.commit(BASE);
    const verified = await rig.verify(base, await rig.commit({ ...SUM, ...change }), inEach);
    expect(verified.kind === 'refused' && verified.findings.join('\n')).toMatch(refused);
    expect(rig.ran).toEqual([]);
  });

  it.each(['packages/cart/test/package.json', 'packages/package.json', 'packages/cart/package.json'])(
    'is none where main has files already: %s is refused when it says how tests are run',
    async (path) => {
      const { 'packages/cart/package.json': _gone, ...rest } = BASE;
      const base = await rig.commit(path in BASE ? rest : BASE);
      const verified = await rig.verify(base, await rig.commit({ ...SUM, [path]: manifest('x') }), inEach);
      expect(verified.kind === 'refused' && verified.findings.join('\n')).toContain(`${path} changes the whole file`);
    },
  );

  it('may not bring a configuration that leads to files of the change, though its sibling has the same', async () => {
    const leading = "export default { test: { setupFiles: ['./tools/before.js'] } };\n";
    const base = await rig.commit({
      ...BASE,
      'packages/cart/vitest.config.js': leading,
      'packages/cart/tools/before.js': '// main\n',
    });
    const head = await rig.commit({
      ...SUM,
      'packages/sum/vitest.config.js': leading,
      'packages/sum/tools/before.js': 'globalThis.x = 1;\n',
    });
    const verified = await rig.verify(base, head, inEach);
    expect(verified.kind === 'refused' && verified.findings.join('\n')).toContain(
      'sum/vitest.config.js belongs to the test harness',
    );
  });
});
