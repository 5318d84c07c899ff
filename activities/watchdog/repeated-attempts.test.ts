import { afterEach, beforeEach, expect, it } from 'vitest';
import { progress } from '../../domain/watchdog/rig.ts';
import { MINUTE, NOW, openWatchRig, type WatchRig } from './watch-rig.ts';
import { runSubject } from '../../domain/unit.ts';

let rig: WatchRig;
beforeEach(async () => {
  rig = await openWatchRig();
});
afterEach(() => rig.close());

it('the watchdog is not deceived by a stage that fails and is tried again, and leaves the like evidence at each attempt', async () => {
  const { id: run } = await rig.addRun({ stage: 'verify', progress: progress(), head: 'h', redBase: null });
  await rig.store.control.setFact(`checks/${run}`, MINUTE, NOW);
  for (let minute = 0; minute < 20; minute += 1) {
    const row = {
      unit: runSubject(run),
      kind: 'guard',
      sha: 'h',
      verdict: 'green',
      summary: 'nothing',
      mediaType: 'text/plain',
    } as const;
    await rig.store.evidence.put({ ...row, key: `gate/${minute}`, body: '', at: rig.clock });
    await rig.pass(MINUTE);
  }
  expect(rig.topics()).toEqual(['run-silent']);
});
