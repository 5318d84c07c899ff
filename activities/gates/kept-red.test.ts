/** Somebody landed first: what was proven red stays so while the change's test files are the same, byte by byte. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { contractOf, IN_ONE_PROCESS, MESSAGE, openRig, type Rig, type Tree } from './gates-rig.ts';

const HEADER =
  "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from '../src/add.js';\n";
const BASE = {
  'package.json': '{"type":"module"}',
  'src/add.js': 'export const add = (a, b) => a + b;\n',
  'test/add.test.js': `${HEADER}test('adds', () => assert.equal(add(1, 2), 3));\n`,
};
const CODE = { 'src/add.js': 'export const add = (a, b) => Number(a) + Number(b);\n' };
const TEST = { 'test/text.test.js': `${HEADER}test('adds text', () => assert.equal(add('1', '2'), 3));\n` };
const contract = contractOf({ test: IN_ONE_PROCESS });

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ knowsBases: true });
});
afterEach(() => rig.close());

/** Another's commit on top of `base`, without our trailer. */
async function landed(base: string, tree: Tree): Promise<string> {
  rig.git('checkout', '-q', base);
  return await rig.commit(tree, 'By somebody else');
}

async function proven(base: string, head: string): Promise<void> {
  expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
}

const reds = async () => (await rig.evidence()).filter((one) => one.kind === 'red');

describe.skipIf(!has('bwrap'))('red, after somebody landed first', () => {
  it('is not asked again, and its evidence names the one it goes back to; regression and green are asked on the merge', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({ ...CODE, ...TEST });
    await proven(base, head);
    const main = await landed(base, { 'README.md': 'theirs\n' });
    await rig.prove(main, contract);
    const before = rig.ran.length;
    const merge = await rig.merge(head, main);
    await proven(main, merge);
    // Regression, green, and green once more for what was red.
    expect(rig.ran.length - before).toBe(3);
    const [first, second] = await reds();
    expect(second).toMatchObject({ verdict: 'green', sha: merge });
    expect(second?.summary).toContain(`failed on the base ${base.slice(0, 10)}, and their files are the same still`);
    expect(JSON.parse(second?.body ?? '')).toMatchObject({
      kept: { evidence: first?.id, base },
      checks: [{ name: 'unit', red: ['test/text.test.js › test › adds text'] }],
    });
  });

  it('holds though they mended the same bug: the change is not refused for "not red"', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({ ...CODE, ...TEST });
    await proven(base, head);
    const main = await landed(base, { ...CODE, 'README.md': 'theirs\n' });
    await proven(main, await rig.merge(head, main));
  });

  it('goes back to the first proof over a second merge', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({ ...CODE, ...TEST });
    await proven(base, head);
    const second = await landed(base, { a: 'theirs\n' });
    const merge = await rig.merge(head, second);
    await proven(second, merge);
    const third = await landed(second, { b: 'theirs\n' });
    await proven(third, await rig.merge(merge, third));
    const [first, , last] = await reds();
    expect(JSON.parse(last?.body ?? '')).toMatchObject({ kept: { evidence: first?.id, base } });
  });

  it('is asked again where a test file differs: weakened after it was proven, it is refused', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({ ...CODE, ...TEST });
    await proven(base, head);
    const weak = { 'test/text.test.js': TEST['test/text.test.js'].replace("add('1', '2'), 3", '1, 1') };
    const verified = await rig.verify(base, await rig.commit(weak), contract);
    expect(JSON.stringify(verified)).toContain('pass without the change');
  });

  it('is asked again where a test file was added beside', async () => {
    const base = await rig.commit(BASE);
    await proven(base, await rig.commit({ ...CODE, ...TEST }));
    await proven(base, await rig.commit({ 'test/more.test.js': TEST['test/text.test.js'] }));
    for (const red of await reds()) expect(JSON.parse(red.body)).not.toHaveProperty('kept');
  });

  it('is asked again where the contract runs them in another way', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({ ...CODE, ...TEST });
    await proven(base, head);
    expect(await rig.verify(base, head, contractOf({ test: IN_ONE_PROCESS, timeoutSeconds: 59 }))).toEqual({
      kind: 'proven',
    });
    for (const red of await reds()) expect(JSON.parse(red.body)).not.toHaveProperty('kept');
  });

  it('does not let the tests fail on the merge', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({ ...CODE, ...TEST });
    await proven(base, head);
    const main = await landed(base, { 'src/add.js': `${BASE['src/add.js']}\nadd.theirs = 1;\n` });
    rig.git('checkout', '-q', head);
    rig.git('merge', '-q', '-s', 'ours', '-m', MESSAGE, main);
    const undone = await rig.commit({ 'src/add.js': BASE['src/add.js'].replace('a + b', 'a + b /* undone */') });
    const verified = await rig.verify(main, undone, contract);
    expect(JSON.stringify(verified)).toContain('adds text\\" fails on your change');
  });

  it('that a person waived proves nothing that could be kept', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      ...CODE,
      'test/text.test.js': `${HEADER}test('holds', () => assert.ok(add));\n`,
    });
    const waivers = { granted: [{ waiver: 'no-red-gate', by: 'ada', at: 1 }], refused: [] } as const;
    expect(await rig.verify(base, head, contract, [], waivers)).toEqual({ kind: 'proven' });
    expect(JSON.stringify(await rig.verify(base, head, contract))).toContain('pass without the change');
  });
});
