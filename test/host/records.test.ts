/** Records of ops are what makes a repeat harmless: they may be pushed out neither by many others nor fill the disk. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, opId, until } from './call.ts';
import { fakeHost } from './fake-host.ts';

const HOUR_MS = 3_600_000;

function ops(host: FakeHost, count: number, ageMs: number): void {
  const at = new Date(Date.now() - ageMs);
  for (let index = 0; index < count; index += 1) {
    const folder = host.path('state/ops', opId());
    mkdirSync(folder);
    writeFileSync(`${folder}/journal`, '1 accept start human x 1 ;\n2 end ok already_running ;\n');
    utimesSync(`${folder}/journal`, at, at);
    utimesSync(folder, at, at);
  }
}

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
    ops(host, 300, -HOUR_MS);
    await startAndMakeRoom(host);

    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({ result: 'ok' });
    expect(host.power().length).toBe(2);
  });

  it('makes room after a day where there are 200 newer ones, and at 2,000 in any case', async () => {
    const host = await fakeHost({ human_cooldown: 0 });
    ops(host, 300, 25 * HOUR_MS);
    await startAndMakeRoom(host);
    expect(records(host)).toBe(200);

    ops(host, 2_000, -HOUR_MS);
    await startAndMakeRoom(host);
    expect(records(host)).toBe(2_000);
  });
});
