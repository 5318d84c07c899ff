/** A run whose host is silent, as people meet it: in the list, on its page, among what is open. */
import { afterEach, expect, it } from 'vitest';
import { seedRun, startApiServer, type ApiServer, TOKEN } from '../../test/setup/api-server.ts';

let api: ApiServer;
afterEach(() => api.close());

it('says which host it waits for, since when, and what to do; while its host lives there is nothing to say', async () => {
  let clock = Date.UTC(2026, 10, 30, 12);
  api = await startApiServer({ now: () => clock });
  await seedRun(api.store, 'r-1');
  const { repo } = (await api.store.runs.get('r-1')) ?? { repo: '' };
  await api.store.checkouts.take({ repo, host: 'attic-1a2b3c', at: clock, silentMs: 1 });
  const reasons = async (): Promise<unknown> => {
    const answer = await fetch(`${api.url}/api/runs`, { headers: { authorization: `Bearer ${TOKEN}` } });
    return await answer.json();
  };
  expect(await reasons()).toMatchObject({ runs: [{ id: 'r-1', reason: null, trouble: null }] });

  clock += 60 * 60_000;
  const waits =
    'waits for host attic-1a2b3c, silent since 2026-11-30T12:00:00.000Z: the checkout is on its disk. ' +
    'Start Lamplighter there again and it goes on; if that disk is lost, cancel the run';
  expect(await reasons()).toMatchObject({ runs: [{ id: 'r-1', reason: waits, trouble: waits }] });
  expect(await (await fetch(`${api.url}/runs/r-1`)).text()).toContain('waits for host attic-1a2b3c');
});
