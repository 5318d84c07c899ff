import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openWatchRig, type WatchRig } from './watch-rig.ts';
import { showWorker } from './show-worker.ts';

let rig: WatchRig;
beforeEach(async () => {
  rig = await openWatchRig();
});
afterEach(() => rig.close());

const signs = (): Promise<unknown> => rig.store.control.facts('worker/');

describe('a worker', () => {
  it('shows itself while it runs, several times in the time after which it would be missed, and says goodbye', async () => {
    let clock = 1;
    let isRunning = true;
    const control = rig.store.control;
    const sign = await showWorker({
      control,
      name: 'host-1',
      unseenMs: 80,
      isRunning: () => isRunning,
      now: () => clock,
    });
    expect(await signs()).toEqual([{ key: 'worker/host-1', value: { stopped: false }, at: 1 }]);
    clock = 2;
    await vi.waitFor(async () => expect(await signs()).toMatchObject([{ at: 2 }]));

    isRunning = false;
    clock = 3;
    await sign.stop();
    expect(await signs()).toEqual([{ key: 'worker/host-1', value: { stopped: true }, at: 3 }]);
  });

  it('whose store cannot be written works on', async () => {
    const control = { setFact: () => Promise.reject(new Error('the database is locked')) };
    const sign = await showWorker({ control, name: 'host-1', unseenMs: 80, isRunning: () => true, now: Date.now });
    await sign.stop();
  });
});
