/** A model or a remote that is not to be had: whoever looks at the run reads why, and not that all is well. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/port.ts';
import { createRedaction } from '../evidence/redact.ts';
import { readTrouble } from './read-trouble.ts';
import { recordingTrouble } from './trouble.ts';
import { notYet } from '../pace/waiting.ts';

let dir: string;
let store: Store;
let at = 0;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-trouble-'));
  store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
  at = 1_000;
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

/** One attempt at a piece of work of run-1, which ends as `end` says. */
async function attempt(number: number, end: () => Promise<unknown>): Promise<unknown> {
  const redaction = createRedaction([{ name: 'MODEL_KEY', value: 'sk-very-secret' }]);
  const { work } = recordingTrouble(
    { work: (_input: { readonly runId: string }) => end() },
    { store, redaction, now: () => at },
  );
  return new MockActivityEnvironment({ attempt: number })
    .run(work, { runId: 'run-1' })
    .catch((error: unknown) => error);
}
const down = (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED, key sk-very-secret'));

it('is kept, without secrets, until an attempt succeeds', async () => {
  await attempt(1, down);
  at = 4_000;
  await attempt(2, down);
  expect(await readTrouble(store.control, 'run-1')).toEqual({
    why: 'connect ECONNREFUSED, key [MODEL_KEY]',
    since: 1_000,
    at: 4_000,
    times: 2,
  });
  expect(await attempt(3, async () => 'done')).toBe('done');
  expect(await readTrouble(store.control, 'run-1')).toBeNull();
});

it('is an event when it begins, when it is another and when it ends, not at each attempt', async () => {
  const begun = await store.events.last();
  const told = async (): Promise<unknown[]> =>
    (await store.events.after(begun, { subject: 'run/run-1', limit: 10 })).map(({ kind, data }) => [kind, data]);
  const why = 'connect ECONNREFUSED, key [MODEL_KEY]';
  for (const number of [1, 2, 3]) await attempt(number, down);
  expect(await told()).toEqual([['run.trouble', { why }]]);
  await attempt(4, () => Promise.reject(new Error('HTTP 503')));
  await attempt(5, async () => 'done');
  await attempt(2, async () => 'done');
  expect(await told()).toEqual([
    ['run.trouble', { why }],
    ['run.trouble', { why: 'HTTP 503' }],
    ['run.trouble', { why: null }],
  ]);
});

it('another piece of work counts anew', async () => {
  await attempt(1, down);
  await attempt(2, down);
  at = 9_000;
  await attempt(1, down);
  expect(await readTrouble(store.control, 'run-1')).toMatchObject({ since: 9_000, times: 1 });
});

it.each([
  ['a known wait', () => Promise.reject(notYet('a slot is awaited'))],
  ['a stop', () => Promise.reject(new CancelledFailure('CANCELLED'))],
] as const)('%s is none', async (_name, end) => {
  await attempt(1, end);
  expect(await readTrouble(store.control, 'run-1')).toBeNull();
});

it('a store that cannot be written costs neither the result nor the failure of the work', async () => {
  await store.close();
  expect(await attempt(2, async () => 'done')).toBe('done');
  expect(await attempt(2, down)).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
  store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
});
