/** Design section 2: the store is the record. Temporal's database deleted, an open run is rebuilt from its row. */
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { createKillRig, type KillRig } from './rig.ts';
import { expectShippedOnce, untilShipped } from './outcome.ts';
import { repeatedTurns } from './playground.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))('recover, with the database of Temporal deleted', () => {
  let rig: KillRig;
  beforeAll(async () => {
    rig = await createKillRig({ seed: 304, issues: [1] });
  });
  afterAll(() => rig.close());

  it('goes on with an open run from its row and ships it: one push, no turn repeated', async () => {
    await rig.start();
    const before = await rig.until('verify', 120, async () => {
      const view = await rig.run(1);
      return view?.run.stage === 'verify' ? view : null;
    });
    expect(await rig.stop()).toBe(0);
    for (const name of globSync('temporal.db*', { cwd: rig.dataDir })) rmSync(join(rig.dataDir, name));

    await rig.start();
    const answer = await rig.ask('POST', '/api/recover', {});
    expect(answer).toMatchObject({ status: 200, body: { runs: [before.run.id] } });
    const begun = Date.now();
    const view = await untilShipped(rig, 1, 150);

    expect(view.run.id).toBe(before.run.id);
    expectShippedOnce(rig.playground, view);
    expect(repeatedTurns(rig.playground.modelRequests())).toEqual({});
    process.stderr.write(
      `kills: Temporal's database lost in verify, 0 duplicates, 0 turns repeated, shipped ${(Date.now() - begun) / 1000} s after recover\n`,
    );
  }, 300_000);
});
