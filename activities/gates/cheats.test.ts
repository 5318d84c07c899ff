/** Ways to talk past the gates, each a change to a small repo that is refused for the right reason (invariant 4). Their honest twins: honest-twins.test.ts. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { BASE, contract, HONEST, inOneProcess, withoutNpm } from './cheats-rig.ts';
import { JUDGED, SEEN } from './cheats-javascript.ts';
import { MESSAGE, openRig, type Rig } from './gates-rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ knowsBases: true });
});
afterEach(() => rig.close());

async function refusal(base: string, head: string, by: typeof contract): Promise<string> {
  const verified = await rig.verify(base, head, by);
  if (verified.kind !== 'refused') throw new Error(`expected a refusal, got ${JSON.stringify(verified)}`);
  return verified.findings.join('\n');
}

describe.skipIf(!has('bwrap'))('a cheat in JavaScript is refused for what it is', () => {
  it.each(SEEN)('before anything of it runs: $name', async ({ change, refused, message }) => {
    const base = await rig.commit(BASE);
    expect(await refusal(base, await rig.commit(change, message ?? MESSAGE), contract)).toMatch(refused);
    expect(rig.ran).toEqual([]);
  });

  it('before anything of it runs: a symbolic link out of the tree', async () => {
    const base = await rig.commit(BASE);
    await symlink('/etc/passwd', join(rig.dir, 'repo', 'test', 'fixture.js'));
    expect(await refusal(base, await rig.commit(HONEST), contract)).toContain('test/fixture.js is a symbolic link');
    expect(rig.ran).toEqual([]);
  });

  it.each(JUDGED)('by its tests: $name', async ({ change, refused, isolated, by }) => {
    const base = await rig.commit(BASE);
    const asked = by ?? (isolated === true ? withoutNpm : inOneProcess);
    expect(await refusal(base, await rig.commit(change), asked)).toMatch(refused);
  });
});
