import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FROZEN, seedRun, startApiServer, type ApiServer } from '../../test/setup/api-server.ts';
import { lamplighter, type Ran } from '../../test/setup/lamplighter.ts';

let own: ApiServer;
let playground: ApiServer;
let home: string;

beforeAll(async () => {
  own = await startApiServer();
  playground = await startApiServer();
  await seedRun(own.store, 'own-1', [FROZEN]);
  await seedRun(playground.store, 'played-1', [FROZEN]);
});
afterAll(async () => {
  await own.close();
  await playground.close();
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lamplighter-home-'));
  mkdirSync(join(home, '.local', 'share'), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

const share = (name: string): string => join(home, '.local', 'share', name);
const here = (...args: string[]): Promise<Ran> => lamplighter(args, home, 25_000, { HOME: home });
const runs = async (...args: string[]): Promise<string> => {
  const { stdout } = await here('runs', '--json', ...args);
  return (JSON.parse(stdout) as { runs: { id: string }[] }).runs.map(({ id }) => id).join();
};

describe('a command without --data-dir', () => {
  it('speaks to the playground while that alone is up, with its token', async () => {
    symlinkSync(playground.dataDir, share('lamplighter-playground'));

    expect(await runs()).toBe('played-1');
    const act = await here('kill-switch', 'on', '--note', 'enough played');
    expect(act.code, act.stderr).toBe(0);
    await here('kill-switch', 'off', '--note', 'go on');
  });

  it("speaks to the operator's own while that is up, and says that the playground is up too", async () => {
    symlinkSync(playground.dataDir, share('lamplighter-playground'));
    symlinkSync(own.dataDir, share('lamplighter'));

    expect(await runs()).toBe('own-1');
    expect((await here('runs')).stderr).toContain(
      `the playground is up too: --data-dir ${share('lamplighter-playground')}`,
    );
    expect(await runs('--data-dir', share('lamplighter-playground'))).toBe('played-1');
    expect(await runs('--url', playground.url)).toBe('played-1');
  });

  it('takes no file of a killed playground for one that is up', async () => {
    mkdirSync(share('lamplighter-playground'));
    const file = JSON.parse(readFileSync(join(playground.dataDir, 'up.json'), 'utf8')) as object;
    writeFileSync(join(share('lamplighter-playground'), 'up.json'), JSON.stringify({ ...file, pid: 4_194_304 }));

    const ran = await here('runs');
    expect([ran.code, ran.stderr]).toEqual([3, expect.stringContaining(`no up.json in ${share('lamplighter')}`)]);
  });
});
