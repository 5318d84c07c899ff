/** What looks like a cheat of cheats.test.ts and is none: each is proven. */
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { BASE, contract, HEADER, HONEST, OLD, scripts, TEST, inOneProcess } from './cheats-rig.ts';
import { openRig, type Rig, type Tree } from './gates-rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ knowsBases: true });
});
afterEach(() => rig.close());

async function proven(
  change: Tree,
  changedTests: { id: string; reason: string }[] = [],
  by = inOneProcess,
): Promise<void> {
  const base = await rig.commit(BASE);
  expect(await rig.verify(base, await rig.commit(change), by, changedTests)).toEqual({ kind: 'proven' });
}

describe.skipIf(!has('bwrap'))('an honest twin in JavaScript is proven', () => {
  it('other scripts, newer packages, text attributes and tests that only name assertions', () =>
    proven(
      {
        ...HONEST,
        'package.json': scripts(
          { build: 'echo', start: 'y' },
          { devDependencies: { vitest: '5.0.0', other: 'file:./x' } },
        ),
        '.gitattributes': '*.sh text eol=lf\n',
        'test/text.test.js': `${TEST['test/text.test.js']}const expected = 3;\nassert.ok(expected === 3);\n`,
        'README.md': 'The runner writes to $LAMPLIGHTER_REPORT.\n',
      },
      [],
      contract,
    ));

  it('a new symbol in a new file, imported by its test as every test does', () =>
    proven({
      'src/sub.js': 'export const sub = (a, b) => a - b;\n',
      'test/sub.test.js': `${HEADER}import { sub } from '../src/sub.js';\ntest('subtracts', () => assert.equal(sub(3, 2), 1));\n`,
    }));

  it('a feature that is removed, with a reason for each of its tests', () =>
    proven(
      {
        'src/add.js': 'export const add = (a, b) => Number(a) + Number(b);\n',
        'test/page.test.js': null,
        'test/page.test.js.snapshot': null,
        ...TEST,
      },
      [{ id: 'test/page.test.js › test › page', reason: 'the issue takes the page away' }],
    ));

  it('a refactoring that moves code and renames its tests, with a reason for each', () => {
    const reason = 'the issue asks for the name "sum" throughout';
    return proven(
      {
        'src/add.js': null,
        'src/sum.js': 'export const sum = (a, b) => a + b;\n',
        'test/add.test.js': null,
        'test/sum.test.js': OLD.replaceAll('add', 'sum')
          .replaceAll('[a, b, sum]', '[a, b, total]')
          .replace('b), sum)', 'b), total)'),
        'test/page.test.js': `${HEADER}import { sum } from '../src/sum.js';\ntest('page', (t) => t.assert.snapshot(sum(5, 6)));\n`,
      },
      [
        { id: 'adds 1 and 2', reason },
        { id: 'adds 0 and 0', reason },
        { id: 'test/page.test.js › test › page', reason: 'its import is renamed too' },
      ],
    );
  });

  it('an old test that an acceptance criterion changes, with that reason', () =>
    proven(
      {
        'src/add.js': 'export const add = (a, b) => a + b || null;\n',
        'test/add.test.js': OLD.replace('[0, 0, 0]', '[0, 0, null]'),
      },
      [{ id: 'test/add.test.js › test › adds 0 and 0', reason: 'nothing adds up to null, says the second criterion' }],
    ));

  it('a test that reads the environment, and production code that reads CI', () =>
    proven({
      'src/add.js': 'export const add = (a, b) => (process.env.CI ? Number(a) + Number(b) : a + b);\n',
      'test/text.test.js': `${TEST['test/text.test.js']}test('in CI', () => assert.equal(add(process.env.CI, '2'), 3));\n`,
    }));

  it('fixture files, copied in as they are: many lines, bytes, and packages that a test reads as data', () =>
    proven({
      ...HONEST,
      'test/fixtures/rows.csv': 'a,b\n'.repeat(10_000),
      'test/fixtures/logo.png': '\u0089PNG\0\0\0\n'.repeat(40),
      'test/fixtures/site/node_modules/x/index.js': 'export const x = 1;\n',
      'test/text.test.js': `${TEST['test/text.test.js']}import { readFileSync } from 'node:fs';\ntest('rows', () => assert.equal(readFileSync('test/fixtures/rows.csv', 'utf8').length, 40_000));\n`,
    }));

  it("the session's own hooks, monitor and redirections of git are never heard of", async () => {
    const base = await rig.commit(BASE);
    const mark = join(rig.dir, 'shared', 'ran');
    const hook = join(rig.dir, 'repo', '.git', 'hooks', 'post-checkout');
    await writeFile(hook, `#!/bin/sh\necho hook >> ${mark}\n`, { mode: 0o755 });
    rig.git('config', 'filter.evil.smudge', `sh -c 'echo smudge >> ${mark}'`);
    rig.git('config', 'url.ext::sh.insteadOf', 'https://');
    await rig.commit(HONEST);
    // Last, because the session's own git would hear of it.
    rig.git('config', 'core.fsmonitor', `echo monitor >> ${mark}; false`);
    const head = await rig.handOver();
    expect(await rig.verify(base, head, inOneProcess)).toEqual({ kind: 'proven' });
    await expect(access(mark)).rejects.toThrow('ENOENT');
  });
});
