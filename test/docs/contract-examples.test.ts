/** The two contracts to paste from docs/contract.md, as they stand there, through the real gates. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasPytest } from '../../activities/gates/rig-toolchains.ts';
import { openRig, type Rig } from '../../activities/gates/gates-rig.ts';
import { parseContract } from '../../config/contract.ts';
import type { Contract } from '../../domain/contract.ts';
import { has } from '../setup/needs.ts';
import { blocksOf } from './pages.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

function example(name: string): { readonly text: string; readonly contract: Contract } {
  const block = blocksOf('contract.md').find((one) => one.title === `.lamplighter.yml ${name}`);
  const parsed = block === undefined ? null : parseContract(block.text, '.lamplighter.yml');
  if (block === undefined || parsed?.ok !== true) throw new Error(`docs/contract.md has no contract for ${name}`);
  return { text: block.text, contract: parsed.contract };
}

describe.skipIf(!has('bwrap'))('the contract to paste', () => {
  it('for node:test proves a base and a change', async () => {
    const { text, contract } = example('node');
    const test = (name: string, assertion: string): string =>
      `const { add } = require('../add.js');\nrequire('node:test')('${name}', () => require('node:assert').equal(${assertion}));\n`;
    const base = await rig.commit({
      '.lamplighter.yml': text,
      'add.js': 'exports.add = (a, b) => a + b;\n',
      'test/add.test.js': test('adds', 'add(1, 2), 3'),
    });
    expect(await rig.prove(base, contract)).toEqual({ verdict: 'green' });
    const head = await rig.commit({
      'add.js': 'exports.add = (a, b) => Number(a) + Number(b);\n',
      'test/text.test.js': test('adds text', "add('1', 2), 3"),
    });
    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
  });

  it.skipIf(!hasPytest())('for pytest proves a base and a change', async () => {
    const { text, contract } = example('pytest');
    const base = await rig.commit({
      '.lamplighter.yml': text,
      'calc.py': 'def add(a, b):\n    return a + b\n',
      'tests/test_add.py': 'import calc\n\n\ndef test_add():\n    assert calc.add(1, 2) == 3\n',
    });
    expect(await rig.prove(base, contract)).toEqual({ verdict: 'green' });
    const head = await rig.commit({
      'calc.py': 'def add(a, b):\n    return int(a) + int(b)\n',
      'tests/test_text.py': "import calc\n\n\ndef test_text():\n    assert calc.add('1', 2) == 3\n",
    });
    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
  });
});
