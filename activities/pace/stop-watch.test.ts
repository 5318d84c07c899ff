import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { createStopWatch } from './stop-watch.ts';

const NEVER = new AbortController().signal;

test('a look that fails now and then costs nothing: the next one sees', async () => {
  let looks = 0;
  const watch = createStopWatch(async () => {
    looks += 1;
    if (looks === 1) throw new Error('the store fails over');
    return looks === 3;
  }, NEVER);

  await vi.waitFor(() => expect(looks).toBe(2), 5_000);
  expect(watch.signal.aborted).toBe(false);
  await once(watch.signal, 'abort');
  await watch.end();

  expect(watch.stopped()).toBe(true);
});

test('a watch that has seen nothing for a while ends what it watches, and says that nobody stopped it', async () => {
  const watch = createStopWatch(() => Promise.reject(new Error('the store is gone')), NEVER, 1_500);

  await once(watch.signal, 'abort');
  await watch.end();

  expect(watch.stopped()).toBe(false);
});
