import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FRESH } from '../domain/stage.ts';
import { seedRun, startApiServer, type ApiServer } from '../test/setup/api-server.ts';
import { lamplighter, type Ran } from '../test/setup/lamplighter.ts';
import { runSubject } from '../domain/unit.ts';

const HEAD = '4be1c2d0f19a4be1c2d0f19a4be1c2d0f19a4be1';

let api: ApiServer;
const here = (...args: string[]): Promise<Ran> => lamplighter([...args, '--data-dir', api.dataDir]);

beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

describe('show', () => {
  it('of a red deploy tells each push, why it was red, what its log says, and what is left', async () => {
    const red = { sha: HEAD, stage: 'deploy', reason: 'the deploy command exited with 1' };
    const firstRedAt = Date.now() - 60_000;
    const progress = { ...FRESH.progress, pushed: HEAD, red, firstRedAt };
    await seedRun(api.store, 'mending-1', [
      { stage: 'watch', progress: FRESH.progress, sha: HEAD },
      {
        stage: 'fix',
        progress: { ...progress, fixes: 1 },
        sha: HEAD,
        brief: { kind: 'deploy-red', red, main: null },
        redMain: null,
        told: false,
        asked: null,
      },
    ]);
    await api.store.evidence.put({
      key: 'deploy/mending-1',
      unit: runSubject('mending-1'),
      kind: 'deploy',
      sha: HEAD,
      verdict: 'red',
      summary: 's',
      mediaType: 'application/json',
      body: JSON.stringify({ log: 'starting\nError: SHOP_KEEPER is not set' }),
      at: 1,
    });
    const { stdout } = await here('show', 'mending-1');
    const listed = await here('runs');

    expect(stdout).toMatch(/fix-forward  1 of 5 attempts made, 5[89] min left to start another/);
    expect(stdout).toMatch(/first push  4be1c2d0f1  deploy red  the deploy command exited with 1/);
    expect(stdout).toContain('│ Error: SHOP_KEEPER is not set');
    expect(listed.stdout).toMatch(/mending-1 .*fix-forward attempt 1: deploy of 4be1c2d0f1 was red/);
    await api.store.runs.transition('mending-1', {
      seq: 3,
      state: { stage: 'ended', progress, outcome: 'superseded', reason: 'somebody else mended it' },
      effects: [],
      cause: 'main-healthy',
      at: Date.now(),
    });
    expect((await here('show', 'mending-1')).stdout).toContain('somebody else mended it');
  });
});
