import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { hasPytest } from './rig-toolchains.ts';
import { contractOf, IN_ONE_PROCESS, MESSAGE, openRig, RUN, type Rig } from './gates-rig.ts';

const BASE = {
  'package.json': '{"type":"module"}',
  'src/add.js': 'export const add = (a, b) => a + b;\n',
  'test/add.test.js':
    "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from '../src/add.js';\ntest('adds', () => assert.equal(add(1, 2), 3));\ntest('adds nothing', () => assert.equal(add(0, 0), 0));\n",
};
const CODE = { 'src/add.js': 'export const add = (a, b) => Number(a) + Number(b);\n' };
const TEST = {
  'test/text.test.js':
    "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from '../src/add.js';\ntest('adds text', () => assert.equal(add('1', '2'), 3));\n",
};
const contract = contractOf({ test: IN_ONE_PROCESS });
/** A process for each test file, as node does it unless it is told otherwise: where a file does not load, this differs. */
const isolated = contractOf({});

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ knowsBases: true });
});
afterEach(async () => {
  await rig.close();
});

async function verdicts(): Promise<string[]> {
  return (await rig.evidence()).map((one) => `${one.kind} ${one.verdict}`);
}

async function refusal(base: string, head: string, by = contract): Promise<string> {
  const verified = await rig.verify(base, head, by);
  if (verified.kind !== 'refused') throw new Error(`expected a refusal, got ${JSON.stringify(verified)}`);
  return verified.findings.join('\n');
}

describe.skipIf(!has('bwrap'))('gates over a node:test repo', () => {
  it('a test that was red and a change that makes it green are proven, with evidence of each gate (invariant 4)', async () => {
    const base = await rig.commit({ ...BASE, 'notes.md': 'proven in this test\n' });
    expect(await rig.prove(base, isolated)).toEqual({ verdict: 'green' });
    const head = await rig.commit({ ...TEST, ...CODE });
    expect(await rig.verify(base, head, isolated)).toEqual({ kind: 'proven' });
    expect(await verdicts()).toEqual([
      'base green',
      'guard green',
      'base green',
      'red green',
      'regression green',
      'green green',
    ]);
    expect((await rig.evidence()).find((one) => one.kind === 'red')?.body).toContain('adds text');
  });

  it('TAP on stdout proves as well', async () => {
    const tap = contractOf({ report: 'tap', test: 'node --test --test-reporter=tap' });
    const base = await rig.commit(BASE);
    expect(await rig.verify(base, await rig.commit({ ...TEST, ...CODE }), tap)).toEqual({ kind: 'proven' });
  });

  it('the base is proven twice the first time, then taken from the record', async () => {
    const base = await rig.commit({ ...BASE, 'notes.md': 'in no other test\n' });
    await rig.prove(base, contract);
    expect(rig.ran).toHaveLength(2);
    await rig.prove(base, contract);
    expect(rig.ran).toHaveLength(2);
    await rig.prove(await rig.commit({ 'README.md': 'x' }), contract);
    expect(rig.ran).toHaveLength(3);
  });

  it('no change is refused', async () => {
    const base = await rig.commit(BASE);
    expect(await refusal(base, base)).toContain('changes nothing');
    expect(await refusal(base, await rig.commit({}))).toContain('changes nothing');
    expect(rig.ran).toEqual([]);
  });

  it('only tests are refused', async () => {
    const base = await rig.commit(BASE);
    expect(await refusal(base, await rig.commit(TEST))).toContain('tests only');
  });

  it('only code is refused', async () => {
    const base = await rig.commit(BASE);
    expect(await refusal(base, await rig.commit(CODE))).toContain('adds or changes no test');
  });

  it('a test that passes without the change is refused', async () => {
    const base = await rig.commit(BASE);
    const weak = { 'test/text.test.js': TEST['test/text.test.js'].replace("add('1', '2'), 3", 'add(2, 2), 4') };
    expect(await refusal(base, await rig.commit({ ...weak, ...CODE }))).toContain('pass without the change');
    expect(await verdicts()).toContain('red red');
  });

  it('a test file that does not load on the base is proven on an empty shell of what it imports, marked weak', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      'src/sub.js': 'export const sub = (a, b) => a - b;\n',
      'test/sub.test.js':
        "import test from 'node:test';\nimport { sub } from '../src/sub.js';\ntest('subtracts', () => { if (sub(2, 1) !== 1) throw new Error('no'); });\n",
    });
    expect(await rig.verify(base, head, isolated)).toEqual({ kind: 'proven' });
    const red = (await rig.evidence()).find((one) => one.kind === 'red');
    expect(red?.summary).toContain('build-red: weak');
    expect(red?.body).toMatch(/"kind": "build-red",\s*"red": \[\s*"test\/sub\.test\.js › test › subtracts"/);
  });

  it('an empty shell is never written through a link of the base', async () => {
    const { mkdir, readdir, symlink } = await import('node:fs/promises');
    const outside = `${rig.dir}/outside`;
    await mkdir(outside);
    await rig.commit(BASE);
    await symlink(outside, `${rig.dir}/repo/lib`);
    const base = await rig.commit({});
    rig.git('rm', '-q', 'lib');
    const head = await rig.commit({
      'lib/sub.js': 'export const sub = (a, b) => a - b;\n',
      'test/sub.test.js': "import { sub } from '../lib/sub.js';\nsub(1, 1);\n",
    });
    expect(await refusal(base, head, isolated)).toContain('does not load');
    expect(await readdir(outside)).toEqual([]);
  });

  it('a test file that does not load on the change either is refused with what to do', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      ...CODE,
      'test/sub.test.js': "import { sub } from '../src/nowhere.js';\nsub();\n",
    });
    expect(await refusal(base, head, isolated)).toMatch(/test\/sub\.test\.js.* does not load.*lazily/s);
  });

  it('the same test, loading lazily, is proven', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      'src/sub.js': 'export const sub = (a, b) => a - b;\n',
      'test/sub.test.js':
        "import test from 'node:test';\nimport assert from 'node:assert';\ntest('subtracts', async () => { const { sub } = await import('../src/sub.js'); assert.equal(sub(2, 1), 1); });\n",
    });
    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
  });

  it('a deleted test is put back and counts, and so does its behaviour', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      ...TEST,
      'src/add.js': 'export const add = (a, b) => Number(a) + Number(b) || 9;\n',
      'test/add.test.js': null,
    });
    expect(await refusal(base, head)).toMatch(
      /base's own test "test\/add\.test\.js › test › adds nothing" passes on the base and fails/,
    );
  });

  it('a deleted test whose behaviour still holds is refused too, unless it is listed with a reason', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({ ...TEST, ...CODE, 'test/add.test.js': null });
    expect(await refusal(base, head)).toContain(
      '"test/add.test.js › test › adds" passes on the base and is gone from your change',
    );
    const reason = 'moved to the other file';
    const listed = [
      { id: 'test/add.test.js › test › adds', reason },
      { id: 'adds nothing', reason },
    ];
    expect(await rig.verify(base, head, contract, listed)).toEqual({ kind: 'proven' });
  });

  it('a changed test that the agent listed with a reason is shown, not refused; without a reason it is refused', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      'src/add.js': 'export const add = (a, b) => a + b || null;\n',
      'test/add.test.js': BASE['test/add.test.js'].replace('add(0, 0), 0', 'add(0, 0), null'),
    });
    expect(await refusal(base, head)).toContain('changedTests');
    expect((await rig.verify(base, head, contract, [{ id: 'adds nothing', reason: ' ' }])).kind).toBe('refused');
    expect(await rig.verify(base, head, contract, [{ id: 'adds nothing', reason: 'the issue asks for null' }])).toEqual(
      { kind: 'proven' },
    );
    expect((await rig.evidence()).findLast((one) => one.kind === 'regression')?.body).toContain(
      'the issue asks for null',
    );
  });

  it('a change that fails its own test is refused by green', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({ ...TEST, 'src/add.js': `${BASE['src/add.js']}// nothing\n` });
    expect(await refusal(base, head)).toContain('"test/text.test.js › test › adds text" fails on your change');
    expect(await verdicts()).toContain('green red');
  });

  it('a red base is red, and names the test', async () => {
    const base = await rig.commit({ ...BASE, 'src/add.js': 'export const add = (a, b) => a - b;\n' });
    expect(await rig.prove(base, contract)).toEqual({
      verdict: 'red',
      reason: 'check unit: "test/add.test.js › test › adds" fails',
    });
  });

  it('a test with two outcomes on the base is flaky: listed, and not judged, not as red either', async () => {
    // Fails but for its second time.
    const coin =
      "import test from 'node:test';\nimport { appendFileSync, statSync } from 'node:fs';\ntest('coin', () => { appendFileSync('/shared/coin', 'x'); if (statSync('/shared/coin').size !== 2) throw new Error('tails'); });\n";
    const base = await rig.commit({ ...BASE, 'test/coin.test.js': coin });
    expect(await rig.prove(base, contract)).toEqual({ verdict: 'green' });
    expect((await rig.evidence())[0]?.summary).toContain('1 are flaky');
    const weak = await rig.commit({ ...CODE, 'test/coin.test.js': `${coin}// touched\n` });
    expect(await refusal(base, weak)).toContain('pass without the change');
    const head = await rig.commit({ ...TEST });
    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
  });

  it('a secret is refused, also when a later commit takes it out, and is nowhere in evidence or findings', async () => {
    const base = await rig.commit(BASE);
    const secret = `ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6'}`;
    const first = await rig.commit({
      ...TEST,
      ...CODE,
      'src/key.js': `const a = 1;\nexport const key = '${secret}';\n`,
    });
    expect(await refusal(base, first)).toMatch(/src\/key\.js:2 in commit .* looks like a secret \(github/);
    const later = await rig.commit({ 'src/key.js': null });
    expect(await refusal(base, later)).toContain(`src/key.js:2 in commit ${first.slice(0, 10)}`);
    expect(JSON.stringify(await rig.evidence())).not.toContain(secret);
    expect(rig.ran).toEqual([]);
  });

  it('a symlink, a missing trailer, a skipped test and a touched contract are each refused before anything runs', async () => {
    const base = await rig.commit(BASE);
    rig.git('config', 'core.symlinks', 'true');
    const { symlink } = await import('node:fs/promises');
    await symlink('/etc', `${rig.dir}/repo/src/etc`);
    const head = await rig.commit(
      {
        ...CODE,
        '.lamplighter.yml': 'x',
        'test/add.test.js': BASE['test/add.test.js'].replace("test('adds'", "test.skip('adds'"),
      },
      'no trailer',
    );
    const said = await refusal(base, head);
    for (const part of [
      'symbolic link',
      `Lamplighter-Run: ${RUN}`,
      'Refs #7',
      'test.skip',
      '.lamplighter.yml is protected',
    ])
      expect(said).toContain(part);
    expect(rig.ran).toEqual([]);
  });

  it('rewritten history is refused', async () => {
    await rig.commit(BASE);
    const base = await rig.commit({ 'README.md': 'on main' });
    rig.git('reset', '-q', '--hard', 'HEAD~1');
    expect(await refusal(base, await rig.commit({ ...TEST, ...CODE }))).toContain('does not contain the base');
  });
});

describe.skipIf(!has('bwrap'))('gates when main moves, and over several checks', () => {
  it('a merge of the new main is judged against it, and only for what is not on it', async () => {
    const old = await rig.commit(BASE);
    const head = await rig.commit({ ...TEST, ...CODE });
    rig.git('checkout', '-q', old);
    const main = await rig.commit(
      { 'docs/x.md': 'x', '.github/workflows/ci.yml': 'on: push' },
      'by a person, without a trailer',
    );
    rig.git('checkout', '-q', head);
    rig.git('merge', '-q', '--no-ff', '-m', MESSAGE, main);
    expect(await rig.verify(main, await rig.handOver(), contract)).toEqual({ kind: 'proven' });
  });

  it('a base that is red cannot judge a change: base-red, not refused', async () => {
    const base = await rig.commit({ ...BASE, 'src/add.js': 'export const add = () => 9;\n' });
    const verified = await rig.verify(base, await rig.commit({ ...TEST, ...CODE }), contract);
    expect(verified).toEqual({ kind: 'base-red', sha: base, reason: expect.stringContaining('adds" fails') as string });
  });

  it('a check in a folder of its own has ids and globs of that folder, and runs only when it is touched', async () => {
    const move = (tree: Record<string, string>) =>
      Object.fromEntries(Object.entries(tree).map(([path, text]) => [`web/${path}`, text]));
    const check = (name: string) => contractOf({ name, dir: name, when: [`${name}/**`] }).checks;
    const two = { ...contract, checks: [...check('web'), ...check('other')] };
    const other = { 'other/test/a.test.js': "require('node:test')('other', () => {});\n" };
    const base = await rig.commit({ ...move(BASE), ...other });
    expect(await rig.prove(base, two)).toEqual({ verdict: 'green' });
    const before = rig.ran.length;
    expect(await rig.verify(base, await rig.commit({ ...move(TEST), ...move(CODE) }), two)).toEqual({
      kind: 'proven',
    });
    // Red and green twice, regression once; nothing of the other folder.
    expect(rig.ran.length - before).toBe(5);
    expect((await rig.evidence()).find((one) => one.kind === 'red')?.body).toContain(
      '"test/text.test.js › test › adds text"',
    );
  });
});

describe.skipIf(!has('bwrap') || !hasPytest())('gates over a pytest repo', () => {
  const python = contractOf(
    {
      globs: ['tests/**'],
      test: 'python3 -m pytest -q -p no:cacheprovider --junitxml="$LAMPLIGHTER_REPORT"',
    },
    { toolchain: ['python'] },
  );
  const repo = {
    'calc.py': 'def add(a, b):\n    return a + b\n',
    'tests/test_calc.py':
      'import sys; sys.path.insert(0, ".")\nimport calc\ndef test_add():\n    assert calc.add(1, 2) == 3\n',
  };

  it('red by assertion, then green, is proven', async () => {
    const base = await rig.commit(repo);
    const head = await rig.commit({
      'calc.py': `${repo['calc.py']}def sub(a, b):\n    return a - b\n`,
      'tests/test_calc.py': `${repo['tests/test_calc.py']}def test_sub():\n    assert calc.sub(2, 1) == 1\n`,
    });
    expect(await rig.verify(base, head, python)).toEqual({ kind: 'proven' });
  });

  it('a test module that cannot be imported on the base is build-red: proven on an empty shell', async () => {
    const base = await rig.commit(repo);
    const head = await rig.commit(
      {
        'calc.py': `${repo['calc.py']}def sub(a, b):\n    return a - b\n`,
        'tests/test_sub.py':
          'import sys; sys.path.insert(0, ".")\nfrom calc import sub\ndef test_sub():\n    assert sub(2, 1) == 1\n',
      },
      MESSAGE,
    );
    expect(await rig.verify(base, head, python)).toEqual({ kind: 'proven' });
    expect((await rig.evidence()).find((one) => one.kind === 'red')?.summary).toContain('build-red: weak');
  });
});
