/** Several checks in one repo: which of them a change has run. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import type { Check } from '../../domain/contract.ts';
import { contractOf, IN_ONE_PROCESS, openRig, type Rig } from './gates-rig.ts';
import { checksFor } from './paths.ts';

const check = (name: string, more: Partial<Check> = {}): Check =>
  ({ ...contractOf({ test: IN_ONE_PROCESS }).checks[0], name, dir: name, when: [`${name}/**`], ...more }) as Check;
const contract = contractOf({}, { checks: [check('web'), check('api'), check('all', { always: true })] });
const changed = (...paths: string[]) =>
  paths.map((path) => ({ path, status: 'modified', from: null, mode: '100644' }) as const);
const due = (checks: readonly Check[], ...paths: string[]) =>
  checksFor({ ...contract, checks }, changed(...paths)).map(({ name }) => name);

describe('the checks of a change', () => {
  const { checks } = contract;

  it('are those whose `when` matches, and those marked `always`', () => {
    expect(due(checks, 'web/a.js')).toEqual(['web', 'all']);
    expect(due(checks, 'web/a.js', 'api/b.py')).toEqual(['web', 'api', 'all']);
    expect(due(checks, 'README.md')).toEqual(['all']);
  });

  it('are all where none is due, because some proof there must be', () => {
    expect(due([check('web'), check('api')], 'README.md')).toEqual(['web', 'api']);
  });

  it('hold one without a `when`', () => {
    expect(due([check('web'), check('root', { when: [] })], 'web/a.js')).toEqual(['web', 'root']);
  });

  it('count a rename by both of its names', () => {
    const moved = [{ path: 'api/a.js', status: 'renamed', from: 'web/a.js', mode: '100644' }] as const;
    expect(checksFor(contract, moved).map(({ name }) => name)).toEqual(['web', 'api', 'all']);
  });
});

describe.skipIf(!has('bwrap'))('a change in one folder of a monorepo', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig();
  });
  afterEach(() => rig.close());

  const HEADER = "const test = require('node:test');\nconst assert = require('node:assert');\n";
  const folder = (name: string) => ({
    [`${name}/add.js`]: 'exports.add = (a, b) => a + b;\n',
    [`${name}/test/add.test.js`]: `${HEADER}test('${name} adds', () => assert.equal(require('../add.js').add(1, 2), 3));\n`,
  });

  it('is judged by its own check and by the one that always runs, which its folder does not match', async () => {
    const base = await rig.commit({ ...folder('web'), ...folder('api'), ...folder('all') });
    const head = await rig.commit({
      'web/add.js': 'exports.add = (a, b) => Number(a) + Number(b);\n',
      'web/test/text.test.js': `${HEADER}test('text', () => assert.equal(require('../add.js').add('1', '2'), 3));\n`,
    });
    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
    const green = (await rig.evidence()).find((one) => one.kind === 'green')?.body ?? '';
    expect(green).toContain('web adds');
    expect(green).toContain('all adds');
    expect(green).not.toContain('api adds');
  });

  it('that breaks what the always-check tests is refused', async () => {
    const base = await rig.commit({
      ...folder('web'),
      ...folder('api'),
      ...folder('all'),
      'all/test/web.test.js': `${HEADER}test('all see web', () => assert.equal(require('../../web/add.js').add(0, 0), 0));\n`,
    });
    const head = await rig.commit({
      'web/add.js': 'exports.add = (a, b) => Number(a) + Number(b) || null;\n',
      'web/test/text.test.js': `${HEADER}test('text', () => assert.equal(require('../add.js').add('1', '2'), 3));\n`,
    });
    const verified = await rig.verify(base, head, contract);
    expect(verified.kind === 'refused' && verified.findings.join('\n')).toMatch(
      /Check all: the base's own test ".*all see web" passes on the base and fails/,
    );
  });
});
