import { expect, it } from 'vitest';
import { createEventTail } from './tail.ts';

it('what no event tells is looked at once for all readers, and not for those who want events alone', async () => {
  let latest = 0;
  let looks = 0;
  const tail = createEventTail({
    events: { last: async () => latest },
    everyMs: 1,
    standing: async () => ({ overview: (looks += 1) < 3 ? 'well' : 'ill', run: 'well' }),
    standingEveryMs: 0,
  });
  const { signal } = new AbortController();
  const plain = tail.beyond({ seq: 0 }, signal);
  const readers = Array.from({ length: 20 }, () =>
    tail.beyond({ seq: 0, standing: { of: 'overview', seen: 'well' } }, signal),
  );
  const told = await Promise.all(readers);
  expect(told).toEqual(told.map(() => ({ latest: 0, standing: { overview: 'ill', run: 'well' } })));
  latest = 1;
  expect(await plain).toEqual({ latest: 1, standing: null });
  expect(looks).toBe(3);
});
