/** Guard after somebody landed first: it judges what is not on main, and all of that, the merge itself among it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { contractOf, IN_ONE_PROCESS, ISSUE, MESSAGE, openRig, RUN, type Rig, type Tree } from './gates-rig.ts';

const HEADER =
  "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from '../src/add.js';\n";
const BASE = {
  'package.json': '{"type":"module"}',
  'src/add.js': 'export const add = (a, b) => a + b;\n',
  'test/add.test.js': `${HEADER}test('adds', () => assert.equal(add(1, 2), 3));\n`,
  'vitest.config.ts': 'export default {};\n',
  'notes.md': 'one\n',
};
const OURS = {
  'src/add.js': 'export const add = (a, b) => Number(a) + Number(b);\n',
  'test/text.test.js': `${HEADER}test('adds text', () => assert.equal(add('1', '2'), 3));\n`,
  'notes.md': 'ours\n',
};
const SECRET = `ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6'}`;
/** All that would be refused of us, by a person on main, without a trailer. */
const THEIRS = {
  '.github/workflows/ci.yml': 'on: push\n',
  'vitest.config.ts': "export default { test: { include: ['x'] } };\n",
  'deploy/key.txt': `${SECRET}\n`,
  'test/theirs.test.js': `${HEADER}test.skip('later', () => {});\n`,
};
const contract = contractOf({ test: IN_ONE_PROCESS });

let rig: Rig;
let base: string;
let ours: string;
beforeEach(async () => {
  rig = await openRig({ knowsBases: true });
  base = await rig.commit(BASE);
  ours = await rig.commit(OURS);
});
afterEach(() => rig.close());

async function land(tree: Tree, message = 'Theirs [skip ci], fixes #9\n'): Promise<string> {
  rig.git('checkout', '-q', base);
  return await rig.commit(tree, message);
}

/** The session's own merge of main, with whatever it writes into it. */
async function sessionMerges(main: string, settled: Tree, message = MESSAGE): Promise<string> {
  rig.git('checkout', '-q', ours);
  try {
    rig.git('merge', '--no-ff', '--no-commit', main);
  } catch {
    // A conflict, which `settled` settles.
  }
  return await rig.commit(settled, message);
}

async function refusal(main: string, head: string): Promise<string> {
  const before = rig.ran.length;
  const verified = await rig.verify(main, head, contract);
  if (verified.kind !== 'refused') throw new Error(`expected a refusal, got ${JSON.stringify(verified)}`);
  expect(rig.ran.length).toBe(before);
  return verified.findings.join('\n');
}

describe.skipIf(!has('bwrap'))('what others landed is not blamed on the change', () => {
  it('merged by the orchestrator: their CI file, secret, skipped test, runner configuration and message', async () => {
    const main = await land(THEIRS);
    expect(await rig.verify(main, await rig.merge(ours, main), contract)).toEqual({ kind: 'proven' });
  });

  it('merged by the session after a conflict', async () => {
    const main = await land({ ...THEIRS, 'notes.md': 'theirs\n' });
    await expect(rig.merge(ours, main)).rejects.toThrow('conflict in notes.md');
    const merge = await sessionMerges(main, { 'notes.md': 'theirs\nours\n' });
    expect(await rig.verify(main, merge, contract)).toEqual({ kind: 'proven' });
  });
});

describe.skipIf(!has('bwrap'))('what a merge itself slips in is refused', () => {
  it.each<[string, Tree, RegExp]>([
    [
      'a skipped test',
      { 'test/more.test.js': `${HEADER}test.skip('x', () => {});\n` },
      /test\/more\.test\.js:4 adds `test\.skip`/,
    ],
    [
      'a secret',
      { 'src/key.js': `export const key = '${SECRET}';\n` },
      /src\/key\.js:1 in commit .* looks like a secret/,
    ],
    ['another CI file', { '.github/workflows/ours.yml': 'on: push\n' }, /ours\.yml is protected/],
    ['their CI file changed', { '.github/workflows/ci.yml': 'on: never\n' }, /ci\.yml is protected/],
    ['their CI file dropped', { '.github/workflows/ci.yml': null }, /ci\.yml is protected/],
    [
      'their runner configuration put back to ours',
      { 'vitest.config.ts': BASE['vitest.config.ts'] },
      /vitest\.config\.ts belongs to the test harness/,
    ],
  ])('%s', async (_what, slipped, words) => {
    const main = await land(THEIRS);
    expect(await refusal(main, await sessionMerges(main, slipped))).toMatch(words);
  });

  it('a secret that a later commit takes out again', async () => {
    const main = await land(THEIRS);
    const merge = await sessionMerges(main, { 'src/key.js': `export const key = '${SECRET}';\n` });
    const head = await rig.commit({ 'src/key.js': null });
    expect(await refusal(main, head)).toContain(`src/key.js:1 in commit ${merge.slice(0, 10)} looks like a secret`);
  });

  it('a merge without the trailer, and a commit that only pretends to be theirs', async () => {
    const main = await land({ 'docs/x.md': 'x\n' });
    expect(await refusal(main, await sessionMerges(main, {}, "Merge branch 'main'"))).toContain(
      `has no trailer \`Lamplighter-Run: ${RUN}\``,
    );
    rig.git('checkout', '-q', main);
    const pretended = await rig.commit({ 'docs/y.md': 'y\n' }, 'Theirs too');
    const head = await sessionMerges(pretended, {});
    expect(await refusal(main, head)).toMatch(
      new RegExp(`Commit ${pretended.slice(0, 10)} has no trailer.*does not say \`Refs #${ISSUE}\``, 's'),
    );
  });

  it('a merge of an older main: what landed since is missing, not taken out', async () => {
    const main = await land(THEIRS);
    rig.git('checkout', '-q', main);
    const newer = await rig.commit({ 'docs/z.md': 'z\n' }, 'Newer');
    expect(await refusal(newer, await sessionMerges(main, {}))).toContain(
      `does not contain the base ${newer.slice(0, 10)}`,
    );
  });
});
