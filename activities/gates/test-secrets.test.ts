/** Variables that the operator declared for a repo's tests, in the gates' own sandbox. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { contractOf, openRig, type Rig } from './gates-rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ testEnv: { PAY_KEY: { value: 'p4y', session: false } } });
});
afterEach(() => rig.close());

const check = {
  report: 'exit-code',
  setup: 'test "$PAY_KEY" = p4y && touch made',
  test: 'test "$PAY_KEY" = p4y',
} as const;

describe.skipIf(!has('bwrap'))('a test secret', () => {
  it('is there for setup and test where the contract names it, and only there', async () => {
    const base = await rig.commit({ 'a.txt': 'a' });
    expect(await rig.prove(base, contractOf(check, { secrets: ['PAY_KEY'] }))).toEqual({ verdict: 'green' });
    expect(await rig.prove(base, contractOf({ ...check, setup: null }))).toMatchObject({ verdict: 'red' });
  });

  it('that nobody declared is broken, with where to declare it', async () => {
    const base = await rig.commit({ 'a.txt': 'a' });
    expect(await rig.prove(base, contractOf(check, { secrets: ['PAY_KEY', 'ROOT_PASSWORD'] }))).toMatchObject({
      verdict: 'broken',
      reason: expect.stringMatching(/"ROOT_PASSWORD".*add it under testEnv of the repo in lamplighter\.yaml/) as string,
    });
    expect(rig.ran).toEqual([]);
  });

  it('may be what a red base is red for, so that base is judged again', async () => {
    const base = await rig.commit({ 'a.txt': 'a' });
    const contract = contractOf({ report: 'exit-code', test: 'test -e /shared/mended' }, { secrets: ['PAY_KEY'] });
    expect(await rig.prove(base, contract)).toMatchObject({ verdict: 'red' });
    writeFileSync(join(rig.dir, 'shared/mended'), '');
    expect(await rig.prove(base, contract)).toEqual({ verdict: 'green' });
  });
});
