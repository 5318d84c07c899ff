/** Records of ops are what makes a repeat harmless: they may be pushed out neither by many others nor fill the disk. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, opId, until } from './call.ts';
import { fakeHost, recordedOps } from './fake-host.ts';

const HOUR_MS = 3_600_000;

const ago = (ms: number): Date => new Date(Date.now() - ms);
const records = (host: FakeHost): number => readdirSync(host.path('state/ops')).length;

/** Whoever has answered for an op still makes room afterwards. */
async function startAndMakeRoom(host: FakeHost): Promise<void> {
  await call(host, 'human', 'start');
  const isFree = (): boolean => spawnSync('flock', ['-n', host.path('state/run.lock'), 'true']).status === 0;
  await until('the runner is gone', isFree);
}

describe('5.5: the record of an op', () => {
  it('outlives hundreds of later ones for a day, so that its repeat is no second power event', async () => {
    const host = await fakeHost({ human_cooldown: 0 });
    const op = opId();
    await call(host, 'human', `cycle op=${op}`);
    recordedOps(host, 300, ago(-HOUR_MS));
    await startAndMakeRoom(host);

    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({ result: 'ok' });
    expect(host.power().length).toBe(2);
  });

  it('makes room after a day where there are 200 newer ones, and at 2,000 in any case', async () => {
    const host = await fakeHost({ human_cooldown: 0 });
    recordedOps(host, 300, ago(25 * HOUR_MS));
    await startAndMakeRoom(host);
    expect(records(host)).toBe(200);

    recordedOps(host, 2_000, ago(-HOUR_MS));
    await startAndMakeRoom(host);
    expect(records(host)).toBe(2_000);
  });
});
