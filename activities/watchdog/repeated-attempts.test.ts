import { afterEach, beforeEach, expect, it } from 'vitest';
import { progress } from '../../domain/watchdog/bench.ts';
import { MINUTE, NOW, openWatchBench, type WatchBench } from './watch-bench.ts';
import { runSubject } from '../../domain/unit.ts';

let bench: WatchBench;
beforeEach(async () => {
  bench = await openWatchBench();
});
afterEach(() => bench.close());

it('the watchdog is not deceived by a stage that fails and is tried again, and leaves the like evidence at each attempt', async () => {
  const { id: run } = await bench.addRun({ stage: 'verify', progress: progress(), head: 'h', redBase: null });
  await bench.store.control.setFact(`checks/${run}`, MINUTE, NOW);
  for (let minute = 0; minute < 20; minute += 1) {
    const row = {
      unit: runSubject(run),
      kind: 'guard',
      sha: 'h',
      verdict: 'green',
      summary: 'nothing',
      mediaType: 'text/plain',
    } as const;
    await bench.store.evidence.put({ ...row, key: `gate/${minute}`, body: '', at: bench.clock });
    await bench.pass(MINUTE);
  }
  expect(bench.topics()).toEqual(['run-silent']);
});
