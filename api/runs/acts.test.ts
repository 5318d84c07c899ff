import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acting, FROZEN, seedRun, startApiServer, type ApiServer } from '../../test/setup/api-server.ts';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import type { ErrorBody } from '../views/view.ts';
import type { RunView } from '../views/view.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  await seedRun(api.store, 'run-frozen', [FROZEN]);
});
afterAll(() => api.close());

const act = (run: string, body: object): Promise<Response> => fetch(`${api.url}/api/runs/${run}/acts`, acting(body));

describe('acts on a run', () => {
  it('one that the state does not allow is refused in words, and leaves no row', async () => {
    const answer = await act('run-frozen', { kind: 'cancel', note: 'why' });
    expect(answer.status).toBe(409);
    expect(((await answer.json()) as ErrorBody).error.message).toContain('unfreeze it by abandon');
    expect(await api.store.acts.list('run-frozen')).toEqual([]);
  });

  it('one that is allowed is a row with who, what and why; then the run is poked', async () => {
    const answer = await act('run-frozen', {
      id: 'act-1',
      kind: 'unfreeze',
      way: 'resolved',
      reverted: true,
      note: 'reverted by hand',
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      201,
      { poked: true, act: { id: 'act-1', takenAt: null } },
    ]);
    expect(await api.store.acts.list('run-frozen')).toMatchObject([
      {
        id: 'act-1',
        data: { kind: 'unfreeze', way: 'resolved', reverted: true },
        note: 'reverted by hand',
        by: { name: 'operator' },
      },
    ]);
    expect(api.poked).toContain('run-frozen');
  });

  it('a repeat under the same id is the same act, also after the run has moved on (invariant 2)', async () => {
    const before = await api.store.acts.list('run-frozen');
    await api.store.runs.transition('run-frozen', {
      seq: 2,
      state: { stage: 'ended', progress: FROZEN.progress, outcome: 'superseded', reason: 'reverted' },
      effects: [],
      cause: 'test',
      at: Date.now(),
    });
    const answer = await act('run-frozen', {
      id: 'act-1',
      kind: 'unfreeze',
      way: 'resolved',
      reverted: true,
      note: 'reverted by hand',
    });
    expect(answer.status).toBe(200);
    expect(await api.store.acts.list('run-frozen')).toEqual(before);
  });

  it('an id that was used for another act is a conflict', async () => {
    const other = await act('run-frozen', { id: 'act-1', kind: 'unfreeze', way: 'abandon', note: 'reverted by hand' });
    expect(other.status).toBe(409);
    expect(((await other.json()) as ErrorBody).error.code).toBe('id-used');
  });

  it.each([
    ['a way that is none', { kind: 'unfreeze', way: 'sideways', note: 'n' }, 'way'],
    ['no way', { kind: 'unfreeze', note: 'n' }, 'way'],
    ['reverted with retry', { kind: 'unfreeze', way: 'retry', reverted: true, note: 'n' }, 'reverted'],
    ['grants with abandon', { kind: 'unfreeze', way: 'abandon', grants: { turns: 1 }, note: 'n' }, 'grants'],
    ['a negative grant', { kind: 'grant', grants: { usd: -1 }, note: 'n' }, 'grants.usd'],
    ['half a sha', { kind: 'approve', sha: 'abc', note: 'n' }, 'sha'],
    ['a kind that is none', { kind: 'obey', note: 'n' }, 'kind'],
    ['no note', { kind: 'pause', note: ' ' }, 'note'],
    ['what does not belong to it', { kind: 'pause', sha: 'abc', note: 'n' }, 'sha'],
  ])('%s is refused, naming the field', async (_name, body, field) => {
    const answer = await act('run-frozen', body);
    expect([answer.status, ((await answer.json()) as ErrorBody).error.field]).toEqual([400, field]);
  });

  it('a retry that could not make one turn is refused with what to grant, and recorded with the grant', async () => {
    await seedRun(api.store, 'run-spent', [
      { ...FROZEN, progress: { ...FROZEN.progress, sessionMs: DEFAULT_BOUNDS.sessionMs } },
    ]);
    const retry = { kind: 'unfreeze', way: 'retry', note: 'go on' };
    const refused = await act('run-spent', retry);
    expect(refused.status).toBe(409);
    expect(((await refused.json()) as ErrorBody).error.message).toContain(
      '120 of 120 minutes of session time (--minutes)',
    );
    expect((await act('run-spent', { ...retry, grants: { minutes: 10, usd: 2.5 } })).status).toBe(201);
    expect(await api.store.acts.list('run-spent')).toMatchObject([
      { data: { way: 'retry', grants: { microUsd: 2_500_000, sessionMs: 600_000, turns: 0, rounds: 0, fixes: 0 } } },
    ]);
  });

  it('a retry is not refused for time in which the session was only held', async () => {
    const other = await startApiServer();
    try {
      const { sessionMs } = DEFAULT_BOUNDS;
      await other.store.control.setFact('held/run-held', { ms: sessionMs, since: null, of: 'a turn' }, 1);
      const progress = { ...FROZEN.progress, sessionMs: sessionMs + 60_000 };
      await seedRun(other.store, 'run-held', [{ ...FROZEN, progress }]);
      const retry = acting({ kind: 'unfreeze', way: 'retry', note: 'the cap is raised' });
      expect((await fetch(`${other.url}/api/runs/run-held/acts`, retry)).status).toBe(201);
    } finally {
      await other.close();
    }
  });

  it('a pause that waits for its boundary still can be taken back, and is not asked for twice', async () => {
    const other = await startApiServer();
    try {
      const implement = { stage: 'implement', progress: FROZEN.progress, brief: { kind: 'implement' } } as const;
      await seedRun(other.store, 'run-p', [implement]);
      const send = async (kind: string): Promise<[number, string]> => {
        const answer = await fetch(`${other.url}/api/runs/run-p/acts`, acting({ kind, note: 'why' }));
        return [answer.status, await answer.text()];
      };
      expect(await send('resume')).toEqual([409, expect.stringContaining('not paused')]);
      expect(await send('pause')).toEqual([201, expect.anything()]);
      expect(await send('pause')).toEqual([409, expect.stringContaining('was asked for already')]);
      expect(await send('resume')).toEqual([201, expect.anything()]);
      expect((await other.store.acts.unread('run-p')).map((one) => one.data.kind)).toEqual(['pause', 'resume']);
    } finally {
      await other.close();
    }
  });

  it('a secret in a note is struck out before anybody reads it, and the repeat is the same act still', async () => {
    const other = await startApiServer();
    try {
      await seedRun(other.store, 'run-1');
      const note = `the key is sk-never-shown, the token ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6'}: use neither`;
      const send = (): Promise<Response> =>
        fetch(`${other.url}/api/runs/run-1/acts`, acting({ id: 'act-s', kind: 'steer', note }));
      expect([(await send()).status, (await send()).status]).toEqual([201, 200]);
      const kept = JSON.stringify([
        await other.store.acts.list('run-1'),
        await other.store.events.after(0, { limit: 99 }),
      ]);
      expect(kept).toContain('use neither');
      expect(kept).not.toContain('sk-never-shown');
      expect(kept).not.toContain('ghp_');
    } finally {
      await other.close();
    }
  });

  it('the row outlives a Temporal that does not answer', async () => {
    const alone = await startApiServer({ engine: { poke: () => Promise.reject(new Error('14 UNAVAILABLE')) } });
    try {
      await seedRun(alone.store, 'run-2');
      const answer = await fetch(`${alone.url}/api/runs/run-2/acts`, acting({ kind: 'cancel', note: 'why' }));
      expect([answer.status, await answer.json()]).toMatchObject([201, { poked: false }]);
      expect(await alone.store.acts.unread('run-2')).toHaveLength(1);
      expect(alone.log).toMatchObject([{ level: 'warn', run: 'run-2' }]);
    } finally {
      await alone.close();
    }
  });

  it('the run shows its acts, transitions, spend and links', async () => {
    const view = (await (await fetch(`${api.url}/api/runs/run-frozen`)).json()) as RunView;
    expect(view.run).toMatchObject({ id: 'run-frozen', stage: 'ended', outcome: 'superseded', group: 'done' });
    expect(view.transitions.map((one) => one.stage)).toEqual(['triage', 'frozen', 'ended']);
    expect(view.acts.map((one) => one.id)).toEqual(['act-1']);
    expect(view.spend).toEqual({ runMicroUsd: 0, issueMicroUsd: 0, capMicroUsd: 100_000_000, turns: 0 });
    expect(view.links.temporal).toBe('http://127.0.0.1:8233/run/run-frozen');
  });
});
