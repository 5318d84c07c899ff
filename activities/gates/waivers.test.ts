/** What a person's waiver label lifts, what it does not, and where it shows. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { NO_WAIVERS, type Waiver, type Waivers } from '../../domain/waivers.ts';
import { hasPytest } from './rig-toolchains.ts';
import { contractOf, IN_ONE_PROCESS, openRig, type Rig } from './gates-rig.ts';

const HEADER = "import test from 'node:test';\nimport assert from 'node:assert';\n";
const BASE = {
  'package.json': '{"type":"module"}',
  'src/add.js': 'export const add = (a, b) => a + b;\n',
  'src/old.js': "export const old = () => 'old';\n",
  'test/add.test.js': `${HEADER}import { add } from '../src/add.js';\ntest('adds', () => assert.equal(add(1, 2), 3));\n`,
  'test/old.test.js': `${HEADER}import { old } from '../src/old.js';\ntest('is old', () => assert.equal(old(), 'old'));\n`,
};
const REMOVAL = { 'src/old.js': null, 'test/old.test.js': null };
const ABSENT = {
  'test/gone.test.js': `${HEADER}import { existsSync } from 'node:fs';\ntest('old is gone', () => assert.equal(existsSync('src/old.js'), false));\n`,
};
const contract = contractOf({ test: IN_ONE_PROCESS });
const granted = (...waivers: Waiver[]): Waivers => ({
  granted: waivers.map((waiver) => ({ waiver, by: 'ada', at: 1 })),
  refused: [],
});

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ knowsBases: true });
});
afterEach(() => rig.close());

async function refusal(base: string, head: string, waivers: Waivers, by = contract): Promise<string> {
  const verified = await rig.verify(base, head, by, [], waivers);
  if (verified.kind !== 'refused') throw new Error(`expected a refusal, got ${JSON.stringify(verified)}`);
  return verified.findings.join('\n');
}

const lastOf = async (kind: string) => (await rig.evidence()).findLast((one) => one.kind === kind);

describe.skipIf(!has('bwrap'))('no-red-gate', () => {
  it('lets a change without a test through, and its evidence says who waived; the other gates are asked', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({ 'src/add.js': 'export const add = (a, b) => b + a;\n' });
    expect(await refusal(base, head, NO_WAIVERS)).toContain('adds or changes no test');
    expect(await rig.verify(base, head, contract, [], granted('no-red-gate'))).toEqual({ kind: 'proven' });
    expect(await lastOf('waiver')).toMatchObject({ verdict: null, summary: 'no-red-gate by ada', sha: head });
    expect(await lastOf('red')).toMatchObject({
      verdict: null,
      summary: expect.stringContaining('waived by ada (label no-red-gate)') as string,
    });
    expect((await lastOf('regression'))?.verdict).toBe('green');
    expect((await lastOf('green'))?.verdict).toBe('green');
  });

  it('lets neither a broken test of the base through, nor a failing one, nor what guard refuses', async () => {
    const base = await rig.commit(BASE);
    const waivers = granted('no-red-gate');
    const broken = await rig.commit({ 'src/add.js': 'export const add = (a, b) => a - b;\n' });
    expect(await refusal(base, broken, waivers)).toMatch(/base's own test ".*adds" passes on the base and fails/);
    const skipped = await rig.commit({ ...BASE, 'test/more.test.js': "test.skip('x', () => {});\n" });
    expect(await refusal(base, skipped, waivers)).toContain('adds `test.skip`');
    const ci = await rig.commit({ 'test/more.test.js': null, '.github/workflows/ci.yml': 'on: push\n' });
    expect(await refusal(base, ci, waivers)).toContain('ci.yml is protected');
  });

  it('that is not honoured lifts nothing, and the refusal and the evidence say why (invariant 9)', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({ 'src/add.js': 'export const add = (a, b) => b + a;\n' });
    const why = 'it was applied by eve, who is not a trusted collaborator';
    const waivers: Waivers = { granted: [], refused: [{ waiver: 'no-red-gate', why }] };
    const said = await refusal(base, head, waivers);
    expect(said).toContain('adds or changes no test');
    expect(said).toContain(`The label no-red-gate stands on the issue and was not honoured: ${why}.`);
    expect((await lastOf('waiver'))?.summary).toBe(`no-red-gate not honoured: ${why}`);
    expect((await lastOf('red'))?.verdict).toBe('red');
  });
});

describe.skipIf(!has('bwrap'))('tests-may-change', () => {
  it('lets a feature and its tests be removed, with each test that went in the evidence', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({ ...REMOVAL, ...ABSENT });
    expect(await refusal(base, head, NO_WAIVERS)).toContain('is old" passes on the base and is gone');
    expect(await rig.verify(base, head, contract, [], granted('tests-may-change'))).toEqual({ kind: 'proven' });
    for (const kind of ['regression', 'green'])
      expect((await lastOf(kind))?.body).toMatch(
        /"id": "test\/old\.test\.js › test › is old",\s*"reason": "not listed: waived by ada"/,
      );
  });

  it('and no-red-gate together let a bare removal through', async () => {
    const base = await rig.commit(BASE);
    const both = granted('no-red-gate', 'tests-may-change');
    expect(await rig.verify(base, await rig.commit(REMOVAL), contract, [], both)).toEqual({ kind: 'proven' });
  });

  it('lets an old test be altered with its behaviour', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      'src/add.js': 'export const add = (a, b) => a + b || null;\n',
      'test/add.test.js': `${BASE['test/add.test.js'].replace('add(1, 2), 3', 'add(1, -1), null')}`,
    });
    expect(await rig.verify(base, head, contract, [], granted('tests-may-change'))).toEqual({ kind: 'proven' });
  });

  it('lets no test be skipped: neither by a mark nor while it runs', async () => {
    const base = await rig.commit(BASE);
    const waivers = granted('tests-may-change');
    const marked = await rig.commit({ ...ABSENT, 'test/old.test.js': `${HEADER}test.skip('is old', () => {});\n` });
    expect(await refusal(base, marked, waivers)).toContain('adds `test.skip`');
    const sly = `${HEADER}const how = { ['sk' + 'ip']: true };\ntest('is old', how, () => {});\n`;
    const head = await rig.commit({ ...ABSENT, 'src/old.js': null, 'test/old.test.js': sly });
    expect(await refusal(base, head, waivers)).toContain('is old" passes on the base and is skipped on your change');
  });

  it('does not ask less of new tests: they must fail on the base', async () => {
    const base = await rig.commit(BASE);
    expect(await refusal(base, await rig.commit(REMOVAL), granted('tests-may-change'))).toContain(
      'adds or changes no test',
    );
  });
});

describe.skipIf(!has('bwrap') || !hasPytest())('tests-may-change in Python', () => {
  const IMPORT = 'import sys; sys.path.insert(0, ".")\n';
  const python = contractOf(
    {
      globs: ['tests/**'],
      test: 'python3 -m pytest -q -p no:cacheprovider --junitxml="$LAMPLIGHTER_REPORT"',
    },
    { toolchain: ['python'] },
  );
  const repo = {
    'calc.py': 'def add(a, b):\n    return a + b\ndef old():\n    return 1\n',
    'tests/test_add.py': `${IMPORT}import calc\ndef test_add():\n    assert calc.add(1, 2) == 3\n`,
    'tests/test_old.py': `${IMPORT}from calc import old\ndef test_old():\n    assert old() == 1\n`,
  };
  const removal = {
    'calc.py': 'def add(a, b):\n    return a + b\n',
    'tests/test_old.py': null,
    'tests/test_gone.py': `${IMPORT}import calc\ndef test_gone():\n    assert not hasattr(calc, "old")\n`,
  };

  it('lets a feature be removed that its old test module imports by name', async () => {
    const base = await rig.commit(repo);
    const head = await rig.commit(removal);
    expect(await rig.verify(base, head, python, [], granted('tests-may-change'))).toEqual({ kind: 'proven' });
  });

  it('is not needed where the removal is listed with its reason', async () => {
    const base = await rig.commit(repo);
    const listed = [{ id: 'test_old', reason: 'the issue removes old()' }];
    const verified = await rig.verify(base, await rig.commit(removal), python, listed);
    expect(verified).toEqual({ kind: 'proven' });
  });

  it('is needed where nothing is listed: only the tests of what went are named', async () => {
    const base = await rig.commit(repo);
    const said = await refusal(base, await rig.commit(removal), NO_WAIVERS, python);
    expect(said).toContain('test_old" passes on the base and is gone');
    expect(said).not.toContain('test_add');
  });

  it('a module of the base that no longer loads, and is rewritten under its old ids, is still gone', async () => {
    const base = await rig.commit(repo);
    const head = await rig.commit({
      ...removal,
      'tests/test_old.py': `${IMPORT}import calc\ndef test_old():\n    assert True\n`,
    });
    expect(await refusal(base, head, NO_WAIVERS, python)).toContain(
      'base\'s own test "pytest › tests.test_old › test_old" passes on the base and is gone',
    );
  });
});
