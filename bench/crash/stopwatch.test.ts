import { describe, expect, it } from 'vitest';
import { createStopwatch } from './stopwatch.ts';

/** Ends when the clock has gone on, however coarse it is. */
function wait(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('the stopwatch', () => {
  it('counts calls that overlap once, each under its own name and all together', () => {
    const watch = createStopwatch({ model: 'model.call', sandbox: 'sandbox.run' });
    watch.pass('model.call.before');
    wait(20);
    watch.pass('sandbox.run.before');
    watch.pass('sandbox.run.before');
    wait(20);
    watch.pass('model.call.after');
    watch.pass('sandbox.run.after');
    wait(20);
    watch.pass('sandbox.run.after');
    watch.pass('store.runs.get.before');

    const { model = 0, sandbox = 0 } = watch.busy();
    const any = watch.anyBusy();
    expect(model).toBeGreaterThanOrEqual(0.04);
    expect(sandbox).toBeGreaterThanOrEqual(0.04);
    expect(any).toBeGreaterThanOrEqual(0.06);
    expect(any).toBeLessThan(model + sandbox);
    expect(any).toBeLessThanOrEqual(watch.elapsed());
    expect(watch.firstAt('model')).toBeLessThan(watch.firstAt('sandbox') ?? 0);
    expect(watch.firstAt('deploy')).toBe(null);
  });

  it('started again has seen nothing', () => {
    const watch = createStopwatch({ model: 'model.call' });
    watch.pass('model.call.before');
    watch.pass('model.call.after');
    watch.restart();

    expect([watch.busy(), watch.anyBusy(), watch.firstAt('model')]).toEqual([{}, 0, null]);
  });
});
