import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/port.ts';
import { CloneFault, RemoteUnfit } from '../git/fetch-failure.ts';
import { patiently } from './patience.ts';

const MINUTE = 60_000;
const PATIENCE = { run: 'lib-1', repo: 'lib', what: 'the push', deadlineMs: 60 * MINUTE };

describe('a remote that cannot be reached', () => {
  let dir: string;
  let store: Store;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lamplighter-patience-'));
    store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
  });
  afterEach(async () => {
    await store.close();
    rmSync(dir, { recursive: true });
  });

  function attempt(number: number, minutesIn: number, error = new Error('host not found')): Promise<unknown> {
    const environment = new MockActivityEnvironment({ attempt: number, scheduledTimestampMs: 1_000 });
    const deps = { store, now: () => 1_000 + minutesIn * MINUTE };
    return environment.run(() => patiently(deps, PATIENCE, () => Promise.reject(error)));
  }

  it('is tried again by itself, and nobody is called for a blip', async () => {
    await expect(attempt(3, 1)).rejects.toThrow('host not found');

    expect(await store.escalations.list({ run: 'lib-1' })).toEqual([]);
  });

  it('calls a person once, with the reason, while it goes on trying (invariant 10)', async () => {
    await expect(attempt(4, 1)).rejects.toThrow('host not found');
    await expect(attempt(5, 2)).rejects.toThrow('host not found');

    const escalations = await store.escalations.list({ run: 'lib-1' });
    expect(escalations.map((one) => [one.topic, one.severity])).toEqual([['remote-unreachable', 'high']]);
    expect(escalations[0]?.decision).toContain('host not found');
  });

  it('is waited for from when it was last reached, however long something else was waited for before', async () => {
    const since = 1_000 + 90 * MINUTE;
    const failing = (number: number, seconds: number): Promise<unknown> => {
      const environment = new MockActivityEnvironment({ attempt: number, scheduledTimestampMs: 1_000 });
      const deps = { store, now: () => since + seconds * 1_000 };
      return environment.run(() =>
        patiently(deps, { ...PATIENCE, since }, () => Promise.reject(new Error('no route'))),
      );
    };

    await expect(failing(2_000, 2)).rejects.toThrow('no route');
    expect(await store.escalations.list({ run: 'lib-1' })).toEqual([]);
    await expect(failing(2_005, 40)).rejects.toThrow('no route');
    expect(await store.escalations.list({ run: 'lib-1' })).toHaveLength(1);
  });

  it('is not blamed for a fault of this machine: the call names our own clone', async () => {
    await expect(attempt(4, 1, new CloneFault('no room'))).rejects.toThrow('no room');

    expect((await store.escalations.list({ run: 'lib-1' })).map((one) => one.topic)).toEqual(['clone-unwritable']);
  });

  it('is not asked again where asking heals nothing: the stage fails at once', async () => {
    expect(await attempt(1, 0, new RemoteUnfit('it is shallow'))).toEqual({ kind: 'failed', reason: 'it is shallow' });
  });

  it('is not what a fault of our own is taken for', async () => {
    const environment = new MockActivityEnvironment({ attempt: 90, scheduledTimestampMs: 0 });
    const failing = environment.run(() =>
      patiently({ store, now: () => 90 * MINUTE }, PATIENCE, () => Promise.reject(new TypeError('x is undefined'))),
    );
    await expect(failing).rejects.toThrow(TypeError);
    expect(await store.escalations.list({ run: 'lib-1' })).toEqual([]);
  });

  it('fails the stage after its deadline, with the reason', async () => {
    expect(await attempt(90, 60)).toEqual({
      kind: 'failed',
      reason: 'the push was tried for 60 minutes: host not found',
    });
  });
});
