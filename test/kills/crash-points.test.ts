/** Invariant 5: an effect that was cut before or after it happened is looked up, never doubled. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashMarker } from '../../activities/effects/crash-point.ts';
import { has } from '../setup/needs.ts';
import { createKillRig, type KillRig } from './rig.ts';
import { expectShippedOnce, untilShipped } from './outcome.ts';
import { repeatedTurns } from './playground.ts';

const POINTS = ['phases', 'label', 'push', 'deploy', 'close'].flatMap((effect) => [
  `${effect}.before`,
  `${effect}.after`,
]);

describe.skipIf(!has('temporal') || !has('bwrap'))('a worker that dies at every external effect of one run', () => {
  let rig: KillRig;
  beforeAll(async () => {
    rig = await createKillRig({ seed: 302, issues: [1] });
  });
  afterAll(() => rig.close());

  it('before it and after it: each happens once, and no model turn is asked for again (invariants 5, 6)', async () => {
    await rig.start({ LAMPLIGHTER_CRASH: POINTS.join(',') });
    const view = await untilShipped(rig, 1, 380);

    expectShippedOnce(rig.playground, view);
    expect(POINTS.filter((point) => !existsSync(join(rig.dataDir, 'run', crashMarker(point, 1))))).toEqual([]);
    expect(repeatedTurns(rig.playground.modelRequests())).toEqual({});
    const seconds = (view.run.endedAt ?? 0) - view.run.createdAt;
    process.stderr.write(
      `kills: ${POINTS.length} deaths at crash points, 0 duplicates, 0 turns repeated, run of ${seconds / 1000} s\n`,
    );
  }, 400_000);
});
