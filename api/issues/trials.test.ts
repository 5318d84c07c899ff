import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acting, seedRun, startApiServer, type ApiServer } from '../../test/setup/api-server.ts';
import type { ErrorBody } from '../views/view.ts';
import type { IssueView, TrialView } from '../views/view.ts';

let api: ApiServer;
let issue: number;
beforeEach(async () => {
  api = await startApiServer();
  const added = await fetch(`${api.url}/api/issues`, acting({ title: 'Round prices' }));
  issue = ((await added.json()) as { issue: IssueView }).issue.number;
});
afterEach(() => api.close());

const ask = (body: object): Promise<Response> => fetch(`${api.url}/api/trials`, acting(body));
const arm = (): Promise<Response> =>
  fetch(`${api.url}/api/kill-switch`, acting({ on: false, note: 'armed' }, {}, 'PUT'));

describe('a trial', () => {
  it('is a row first, names its run, and is one however often it is asked for under one id (invariant 2)', async () => {
    await arm();
    const first = await ask({ id: 'trial-1', issue });
    const view = (await first.json()) as TrialView;
    expect([first.status, view]).toMatchObject([201, { id: 'trial-1', issue, title: 'Round prices', behind: null }]);
    expect(await (await ask({ id: 'trial-1', issue })).json()).toEqual(view);
    expect(await api.store.trials.waiting('shop-1')).toMatchObject([{ id: 'trial-1', by: { name: 'operator' } }]);
    expect(api.polled()).toBeGreaterThan(0);
  });

  it('under the id of another one is a conflict: its run would never come', async () => {
    await arm();
    const added = await fetch(`${api.url}/api/issues`, acting({ title: 'Another' }));
    const { issue: other } = (await added.json()) as { issue: IssueView };
    expect((await ask({ id: 'trial-1', issue })).status).toBe(201);
    const answer = await ask({ id: 'trial-1', issue: other.number });
    expect([answer.status, ((await answer.json()) as ErrorBody).error.code]).toEqual([409, 'id-used']);
  });

  it('says whose lane it waits for', async () => {
    await arm();
    await seedRun(api.store, 'run-ahead');
    expect(await (await ask({ issue })).json()).toMatchObject({ behind: 'run-ahead' });
  });

  it('spends, so the kill switch refuses it with the remedy (invariant 8)', async () => {
    const answer = await ask({ issue });
    expect(answer.status).toBe(409);
    expect(((await answer.json()) as ErrorBody).error).toMatchObject({
      message: 'the kill switch is on, and a trial spends money',
      remedy: expect.stringContaining('lamplighter kill-switch off'),
    });
    expect(await api.store.trials.waiting('shop-1')).toEqual([]);
  });

  it.each([
    [{ issue: 999 }, 404],
    [{ issue: 0 }, 400],
    [{ issue: 1, repo: 'acme/other' }, 404],
    [{ issue: 1, push: true }, 400],
  ])('%j is refused with %i', async (body, status) => {
    await arm();
    expect((await ask(body)).status).toBe(status);
  });
});
