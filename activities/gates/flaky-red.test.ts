/** Tests that fail by chance on the base and pass by chance on the change: what was red is asked twice (invariant 4). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { hasPytest } from './rig-toolchains.ts';
import { contractOf, IN_ONE_PROCESS, openRig, type Rig } from './gates-rig.ts';

const HEADER =
  "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from '../src/add.js';\nimport { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';\n";
const BASE = {
  'package.json': '{"type":"module"}',
  'src/add.js': 'export const add = (a, b) => a + b;\n',
  'test/add.test.js': `${HEADER}test('adds', () => assert.equal(add(1, 2), 3));\n`,
};
const CODE = { 'src/add.js': 'export const add = (a, b) => Number(a) + Number(b);\n' };
const STEADY = `${HEADER}test('adds text', () => assert.equal(add('1', '2'), 3));\n`;
/** Counts its runs in a cache that outlives them, by the variable that every check is given. */
const COUNT =
  "const count = process.env.npm_config_cache + '/count';\nappendFileSync(count, 'x');\nconst runs = statSync(count).size;\n";
const contract = contractOf({ test: IN_ONE_PROCESS });

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

async function refusal(base: string, head: string, by = contract): Promise<string> {
  const verified = await rig.verify(base, head, by);
  if (verified.kind !== 'refused') throw new Error(`expected a refusal, got ${JSON.stringify(verified)}`);
  return verified.findings.join('\n');
}

const verdictOf = async (kind: string) => (await rig.evidence()).findLast((one) => one.kind === kind)?.verdict;

describe.skipIf(!has('bwrap'))('a flaky test used as red is refused', () => {
  it('odd runs fail and even runs pass: it has two outcomes on the base', async () => {
    const base = await rig.commit(BASE);
    const parity = `${HEADER}${COUNT}test('holds', () => assert.ok(runs % 2 === 0));\n`;
    const said = await refusal(base, await rig.commit({ ...CODE, 'test/luck.test.js': parity }));
    expect(said).toMatch(
      /"test\/luck\.test\.js › test › holds" has two outcomes on the same code: make it deterministic\. On the base it fails, and asked again there it passes/,
    );
    expect(await verdictOf('red')).toBe('red');
  });

  it('by the parity of a clock', async () => {
    // The rig's clock is one that moves by a tick with each command that was run before, so nothing here waits.
    const base = await rig.commit(BASE);
    const clock = `${HEADER}const ticks = existsSync('/shared/clock') ? readFileSync('/shared/clock', 'utf8').length : 0;\ntest('holds', () => assert.ok(ticks % 2 === 0));\n`;
    const ticking = contractOf({ test: `echo >> /shared/clock; ${contract.checks[0]?.test ?? ''}` });
    const head = await rig.commit({ ...CODE, 'test/luck.test.js': clock });
    expect(await refusal(base, head, ticking)).toContain('has two outcomes on the same code: make it deterministic');
  });

  it('red twice on the base, then green by chance once: it has two outcomes on the change', async () => {
    const base = await rig.commit(BASE);
    const luck = `${HEADER}${COUNT}test('holds', () => assert.ok(runs === 3));\n`;
    const said = await refusal(base, await rig.commit({ ...CODE, 'test/luck.test.js': luck }));
    expect(said).toMatch(
      /has two outcomes on the same code.* On your change it passes, and asked again there it fails/,
    );
    expect(await verdictOf('red')).toBe('green');
    expect(await verdictOf('green')).toBe('red');
  });

  it('also beside a test that is red for good: a flaky one would be on main', async () => {
    const base = await rig.commit(BASE);
    const parity = `${STEADY}${COUNT}test('holds', () => assert.ok(runs % 2 === 0));\n`;
    const said = await refusal(base, await rig.commit({ ...CODE, 'test/luck.test.js': parity }));
    expect(said).toContain('› holds" has two outcomes');
    expect(said).not.toContain('› adds text" has two outcomes');
  });

  it('and one that is flaky on the base already is never red, however it falls', async () => {
    // Fails, passes, and then fails on the base for good: what judgement of red would fall for.
    const coin = `${HEADER}${COUNT}test('coin', () => assert.ok(runs === 2));\n`;
    const base = await rig.commit({ ...BASE, 'test/coin.test.js': coin });
    expect(await rig.prove(base, contract)).toEqual({ verdict: 'green' });
    const fixed = `${HEADER}import { luck } from '../src/luck.js';\ntest('coin', () => assert.ok(luck));\n`;
    const head = await rig.commit({ ...CODE, 'src/luck.js': 'export const luck = 1;\n', 'test/coin.test.js': fixed });
    expect(await refusal(base, head)).toContain('does not load');
    expect(await refusal(base, await rig.commit({ 'test/coin.test.js': `${coin}// touched\n` }))).toContain(
      'the tests pass without the change',
    );
  });

  it.skipIf(!hasPytest())('in Python: a counter in the package cache', async () => {
    const python = contractOf(
      {
        globs: ['tests/**'],
        test: 'python3 -m pytest -q -p no:cacheprovider --junitxml="$LAMPLIGHTER_REPORT"',
      },
      { toolchain: ['python'] },
    );
    const test = (body: string) =>
      `import os, sys; sys.path.insert(0, ".")\nimport calc\ncount = os.environ["PIP_CACHE_DIR"] + "/count"\n${body}`;
    const base = await rig.commit({
      'calc.py': 'def add(a, b):\n    return a + b\n',
      'tests/test_add.py': test('def test_add():\n    assert calc.add(1, 2) == 3\n'),
    });
    const head = await rig.commit({
      'calc.py': 'def add(a, b):\n    return b + a\n',
      'tests/test_luck.py': test(
        'def test_holds():\n    open(count, "a").write("x")\n    assert os.path.getsize(count) % 2 == 0\n',
      ),
    });
    expect(await refusal(base, head, python)).toMatch(/test_holds" has two outcomes on the same code/);
  });
});

describe.skipIf(!has('bwrap'))('a steady test', () => {
  it('is asked twice on the base and twice on the change, and its evidence shows all four', async () => {
    const base = await rig.commit(BASE);
    await rig.prove(base, contract);
    const before = rig.ran.length;
    const head = await rig.commit({ ...CODE, 'test/text.test.js': STEADY });
    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
    expect(rig.ran.length - before).toBe(5);
    const rows = await rig.evidence();
    const again = (outcome: string): RegExp =>
      new RegExp(`"again": .*"id": "test/text.test.js › test › adds text",\\s*"outcome": "${outcome}"`, 's');
    expect(rows.find((one) => one.kind === 'red')?.body).toMatch(again('failed'));
    expect(rows.find((one) => one.kind === 'green')?.body).toMatch(again('passed'));
  });

  it('that reads the environment is proven', async () => {
    const base = await rig.commit(BASE);
    const reads = STEADY.replace("add('1', '2'), 3", "add(process.env.CI, '2'), 3");
    expect(await rig.verify(base, await rig.commit({ ...CODE, 'test/text.test.js': reads }), contract)).toEqual({
      kind: 'proven',
    });
  });
});
