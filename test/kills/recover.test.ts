/** Design section 2: the store is the record. Temporal's database deleted, an open run is rebuilt from its row. */
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { createKillBench, type KillBench } from './bench.ts';
import { expectShippedOnce, untilShipped } from './outcome.ts';
import { repeatedTurns } from './playground.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))('recover, with the database of Temporal deleted', () => {
  let bench: KillBench;
  beforeAll(async () => {
    bench = await createKillBench({ seed: 304, issues: [1] });
  });
  afterAll(() => bench.close());

  it('goes on with an open run from its row and ships it: one push, no turn repeated', async () => {
    await bench.start();
    const before = await bench.until('verify', 120, async () => {
      const view = await bench.run(1);
      return view?.run.stage === 'verify' ? view : null;
    });
    expect(await bench.stop()).toBe(0);
    for (const name of globSync('temporal.db*', { cwd: bench.dataDir })) rmSync(join(bench.dataDir, name));

    await bench.start();
    const answer = await bench.ask('POST', '/api/recover', {});
    expect(answer).toMatchObject({ status: 200, body: { runs: [before.run.id] } });
    const begun = Date.now();
    const view = await untilShipped(bench, 1, 150);

    expect(view.run.id).toBe(before.run.id);
    expectShippedOnce(bench.playground, view);
    expect(repeatedTurns(bench.playground.modelRequests())).toEqual({});
    process.stderr.write(
      `kills: Temporal's database lost in verify, 0 duplicates, 0 turns repeated, shipped ${(Date.now() - begun) / 1000} s after recover\n`,
    );
  }, 300_000);
});
