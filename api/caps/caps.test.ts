import { beforeEach, describe, expect, it } from 'vitest';
import { CAPS } from '../../config/defaults.ts';
import { capsAt } from '../../domain/caps.ts';
import { FRESH } from '../../domain/stage.ts';
import { acting, REPO, seedRun, startApiServer, type ApiServer } from '../../test/setup/api-server.ts';
import type { ErrorBody } from '../views/view.ts';
import type { CapsView, IssueView, RunView, StatusView } from '../views/view.ts';
import { runSubject, issueBudget } from '../../domain/unit.ts';

/** No window ends while a test runs. */
const NOON = Date.parse('2026-11-23T12:00:00Z');

let api: ApiServer;
beforeEach(async () => {
  api = await startApiServer({ now: () => NOON });
  return () => api.close();
});

const get = async <T>(path: string): Promise<T> => (await (await fetch(`${api.url}${path}`)).json()) as T;
const raise = (body: object): Promise<Response> => fetch(`${api.url}/api/caps/raises`, acting(body));

async function spend(dollars: number): Promise<void> {
  const at = NOON;
  const microUsd = dollars * 1_000_000;
  const key = `k/${dollars}`;
  const reserved = await api.store.ledger.reserve({
    key,
    unit: runSubject('earlier'),
    repo: 'shop-1',
    microUsd,
    budget: { name: issueBudget('shop-1', 1), microUsd: microUsd * 100 },
    caps: capsAt(CAPS, 'shop-1', at),
    at,
  });
  if (!reserved.ok && reserved.why !== 'caps') throw new Error('the test reserved beyond its issue');
}

describe('caps', () => {
  it('are shown with what is spent and left, the total ones first, until when', async () => {
    await spend(3);
    const { caps } = await get<CapsView>('/api/caps');
    expect(
      caps.map(({ window, repoName, capMicroUsd, leftMicroUsd }) => [window, repoName, capMicroUsd, leftMicroUsd]),
    ).toEqual([
      ['day', null, 50_000_000, 47_000_000],
      ['month', null, 500_000_000, 497_000_000],
      ['day', REPO, 25_000_000, 22_000_000],
      ['month', REPO, 250_000_000, 247_000_000],
    ]);
    for (const cap of caps) {
      expect(cap).toMatchObject({ spentMicroUsd: 3_000_000, raisedMicroUsd: 0, reached: false, raises: [] });
      expect(cap.endsAt).toBe(Date.parse(cap.window === 'day' ? '2026-11-24' : '2026-12-01'));
    }
  });

  it('a reached one is said by the status, the pages, the run that it holds and the issue that it keeps from starting', async () => {
    await seedRun(api.store, 'run-1', [
      { stage: 'implement', progress: { ...FRESH.progress, openings: 1 }, brief: { kind: 'implement' } },
    ]);
    await spend(24);
    await spend(1.5);
    const text =
      "the day's cap of $25.00 for acme/shop is reached ($24.00 spent or reserved, and the next call may need $1.50)";
    const remedy = `lamplighter caps raise day --repo acme/shop --usd 20 --note "why" --data-dir ${api.dataDir}`;
    const hold = { text: expect.stringContaining(text) as string, remedy };

    const status = await get<StatusView>('/api/status');
    expect([status.holds, status.notices.filter((one) => one.remedy === remedy)]).toMatchObject([[hold], [hold]]);
    expect((await get<RunView>('/api/runs/run-1')).holds).toEqual([hold]);
    for (const path of ['/', '/runs/run-1']) {
      const page = await (await fetch(`${api.url}${path}`, { headers: { accept: 'text/html' } })).text();
      expect(page).toContain('The day&#39;s cap of $25.00 for acme/shop is reached');
      expect(page).toContain('lamplighter caps raise day --repo acme/shop');
    }
    const added = await fetch(`${api.url}/api/issues`, acting({ title: 't', labels: ['ready-for-agent'] }));
    const { issue } = (await added.json()) as { issue: IssueView };
    expect(issue.pickUp.refusals).toContainEqual({ why: 'cap', ...hold });
  });

  it('a run that calls no model any more is not said to be held', async () => {
    await seedRun(api.store, 'run-1', [{ stage: 'watch', progress: FRESH.progress, sha: 'a' }]);
    await spend(25);
    expect((await get<RunView>('/api/runs/run-1')).holds).toEqual([]);
  });

  it('a raise is recorded with who and why, once by its id, and the trackers are looked at now', async () => {
    await spend(25);
    const body = { id: 'raise-1', window: 'day', repo: REPO, usd: 2.5, note: 'it has to go out' };
    const [first, again] = [await raise(body), await raise(body)];
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(await first.json()).toMatchObject({
      raise: { id: 'raise-1', microUsd: 2_500_000, by: { name: 'operator' } },
      cap: { raisedMicroUsd: 2_500_000, leftMicroUsd: 2_500_000, reached: false },
    });
    expect(api.polled()).toBe(2);
    const { caps } = await get<CapsView>('/api/caps');
    expect(caps[2]?.raises).toMatchObject([{ by: 'operator', note: 'it has to go out', microUsd: 2_500_000 }]);
    expect((await get<StatusView>('/api/status')).holds).toEqual([]);

    const other = await raise({ ...body, usd: 3 });
    expect([other.status, ((await other.json()) as ErrorBody).error.code]).toEqual([409, 'id-used']);
  });

  it.each([
    [{ window: 'year', usd: 1, note: 'n' }, 400, 'window'],
    [{ window: 'day', usd: 0, note: 'n' }, 400, 'usd'],
    [{ window: 'day', usd: -5, note: 'n' }, 400, 'usd'],
    [{ window: 'day', usd: 1 }, 400, 'note'],
    [{ window: 'day', usd: 1, note: ' ' }, 400, 'note'],
    [{ window: 'day', usd: 1, note: 'n', repo: 'acme/other' }, 404, undefined],
  ])('the raise %j is refused', async (body, status, field) => {
    const answer = await raise(body);
    expect([answer.status, ((await answer.json()) as ErrorBody).error.field]).toEqual([status, field]);
  });

  it('nobody raises one without the token', async () => {
    const answer = await fetch(`${api.url}/api/caps/raises`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ window: 'day', usd: 1, note: 'n' }),
    });
    expect(answer.status).toBe(401);
    const [cap] = capsAt(CAPS, null, NOON);
    expect(await api.store.ledger.raises(cap!.key)).toEqual([]);
  });
});
