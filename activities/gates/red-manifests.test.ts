/** Red where a test needs a package that the change adds. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { contractOf, IN_ONE_PROCESS, openRig, type Rig } from './gates-rig.ts';

/** Packages as an installer would make them, without a registry. */
const INSTALL = `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
for (const [name, value] of Object.entries(JSON.parse(readFileSync('package.json', 'utf8')).dependencies ?? {})) {
  mkdirSync('node_modules/' + name, { recursive: true });
  writeFileSync('node_modules/' + name + '/package.json', '{"type":"module","main":"index.js"}');
  writeFileSync('node_modules/' + name + '/index.js', 'export const value = ' + value + ';');
}
`;
const manifest = (dependencies: object) => JSON.stringify({ type: 'module', dependencies });
const HEADER =
  "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from '../src/add.js';\n";
const BASE = {
  'package.json': manifest({ one: '1' }),
  'tools/install.mjs': INSTALL,
  'src/add.js': 'export const add = (a, b) => a + b;\n',
  'src/one.js': "export { value } from 'one';\n",
  'test/add.test.js': `${HEADER}test('adds', () => assert.equal(add(1, 2), 3));\n`,
};
const contract = contractOf({ setup: 'node tools/install.mjs', test: IN_ONE_PROCESS });

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const redRow = async () => (await rig.evidence()).find((one) => one.kind === 'red');

describe.skipIf(!has('bwrap'))('a test that imports a package which the change adds', () => {
  const test = (body: string) => ({
    'package.json': manifest({ one: '1', three: '3' }),
    'test/text.test.js': `${HEADER}import { value } from 'three';\n${body}`,
  });

  it('is asked on the base with the manifests of the change, and is red there by its assertion', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      ...test("test('adds text', () => assert.equal(add('1', '2'), value));\n"),
      'src/add.js': 'export const add = (a, b) => Number(a) + Number(b);\n',
    });
    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
    expect((await redRow())?.body).toContain('"kind": "assertion-red"');
  });

  it('proves nothing where it passes there', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      ...test("test('adds', () => assert.equal(add(1, 2), value));\n"),
      'src/add.js': 'export const add = (a, b) => Number(a) + Number(b);\n',
    });
    const verified = await rig.verify(base, head, contract);
    expect(JSON.stringify(verified)).toContain('pass without the change');
  });
});

describe.skipIf(!has('bwrap'))('a change that is a newer package and nothing else', () => {
  it('is proven: its test is asked with the packages of the base', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      'package.json': manifest({ one: '11' }),
      'test/one.test.js': `${HEADER}import { value } from '../src/one.js';\ntest('is newer', () => assert.equal(value, 11));\n`,
    });
    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
  });
});
