/** The first look at a run's issue and at main. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { newRun, now, store, useRig } from '../../test/setup/tracker-rig.ts';
import { createPrepareActivities, type PrepareDeps } from './prepare.ts';

useRig();

it('an issue that cannot be read is waited for apart: the clock of the remote does not run meanwhile', async () => {
  const runId = await newRun();
  const asked: string[] = [];
  // Of what follows nothing is reached.
  const { readContract } = createPrepareActivities({
    store,
    admit: async () => Promise.reject(new Error('the tracker is away')),
    git: { refresh: async () => asked.push('main') },
    now,
  } as unknown as PrepareDeps);

  expect(await new MockActivityEnvironment().run(() => readContract({ runId }))).toEqual({
    kind: 'held',
    by: 'the issue cannot be read: the tracker is away',
  });
  expect(asked).toEqual([]);
});
