/** The store on a disk that really is full: what was accepted is there, what was refused was not, and it all goes on with room. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FRESH } from '../../domain/stage.ts';
import { seedRun, startApiServer, TOKEN, type ApiServer } from '../../test/setup/api-server.ts';
import { fill, tmpfsWhereRootMay, type SmallDisk } from '../../test/setup/small-disk.ts';

describe.skipIf(tmpfsWhereRootMay === null)('the api on a full disk', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lamplighter-full-'));
  let disk: SmallDisk;
  let api: ApiServer;
  beforeAll(async () => {
    if (tmpfsWhereRootMay === null) return;
    disk = tmpfsWhereRootMay(join(dir, 'disk'), '8m');
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = disk.folder;
    api = await startApiServer();
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await seedRun(api.store, 'run-1', [FRESH]);
  });
  afterAll(async () => {
    await api.close();
    disk.unmount();
    rmSync(dir, { recursive: true, force: true });
  });

  const act = (id: string): Promise<Response> =>
    fetch(`${api.url}/api/runs/run-1/acts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id, kind: 'escalate', note: 'n'.repeat(900) }),
    });
  const kept = async (): Promise<string[]> => (await api.store.acts.unread('run-1')).map(({ id }) => id);

  it('refuses an act with words that say why, keeps each that it accepted, and accepts again when there is room', async () => {
    const accepted: string[] = [];
    const free = fill(disk.folder);
    let refused: Response | null = null;
    // The log of the database may have a page or two left.
    for (let number = 0; refused === null && number < 200; number += 1) {
      const answer = await act(`act-${number}`);
      if (answer.ok) accepted.push(`act-${number}`);
      else refused = answer;
    }

    expect(refused?.status).toBe(507);
    expect(await refused?.json()).toMatchObject({
      error: { code: 'disk-full', message: expect.stringContaining('nothing of this was accepted') },
    });
    expect(await kept()).toEqual(accepted);
    free();
    expect((await act('after')).ok).toBe(true);
    expect(await kept()).toEqual([...accepted, 'after']);
  });
});
