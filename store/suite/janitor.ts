import { describe, expect, it } from 'vitest';
import { FRESH, type RunState } from '../../domain/stage.ts';
import { runSubject } from '../../domain/unit.ts';
import { openSql } from '../open.ts';
import { eventsOf, newRun, SHIPPED, turn, type Stores } from './stores.ts';

const DAY = 24 * 60 * 60_000;
const NOW = 1_000 * DAY;
const FROZEN = { stage: 'frozen', progress: FRESH.progress, reason: 'red' } as unknown as RunState;

export function describeJanitor(stores: Stores): void {
  describe('the janitor of a store', () => {
    describeWhatGoes(stores);
    describeOneSweep(stores);
    describeRecords(stores);
  });
}

function describeWhatGoes(stores: Stores): void {
  it('drops what was noted of runs that ended days ago, and nothing of one that is frozen or has just ended', async () => {
    const store = await stores.open();
    const runs = [
      ['long-ended', SHIPPED, NOW - 8 * DAY],
      ['just-ended', SHIPPED, NOW - 6 * DAY],
      ['frozen', FROZEN, NOW - 300 * DAY],
    ] as const;
    for (const [id, state, at] of runs) {
      await store.runs.create(newRun(id, { repo: id, at: NOW - 400 * DAY }));
      await store.runs.transition(id, { seq: 1, state, effects: [], cause: 'test', at });
      await store.control.setFact(`begun/${id}/work/1/t1`, true, NOW - 400 * DAY);
      await store.control.setFact(`failures/run/${id}/modelTurn`, { since: 1, kinds: {} }, NOW - 400 * DAY);
    }
    await store.control.setFact('begun/nobody-we-know/work/1/t1', true, NOW - 400 * DAY);

    expect(await store.janitor.sweep(NOW)).toMatchObject({ facts: 2 });
    expect((await store.control.facts('begun/')).map(({ key }) => key)).toEqual([
      'begun/frozen/work/1/t1',
      'begun/just-ended/work/1/t1',
      'begun/nobody-we-know/work/1/t1',
    ]);
    expect(await store.janitor.sweep(NOW)).toMatchObject({ facts: 0 });
  });

  it('drops what can be found out again when it has not been set for long, and never what is one in all', async () => {
    const store = await stores.open();
    await store.control.setFact('base-proof/2/alpha/abc/d', 'e1', NOW - 31 * DAY);
    await store.control.setFact('base-proof/2/alpha/def/d', 'e2', NOW - 29 * DAY);
    await store.control.setFact('worker/gone', { stopped: true }, NOW - 31 * DAY);
    await store.control.setFact('poller', { held: 0 }, NOW - 400 * DAY);
    await store.control.setKillSwitch({ on: false, by: 'ada', note: 'armed', at: NOW - 400 * DAY });

    expect(await store.janitor.sweep(NOW)).toMatchObject({ facts: 2 });
    expect((await store.control.facts('base-proof/')).map(({ value }) => value)).toEqual(['e2']);
    expect(await store.control.fact('poller')).toEqual({ held: 0 });
    expect((await store.control.killSwitch()).on).toBe(false);
  });
}

function describeOneSweep(stores: Stores): void {
  it('drops all that is due in one sweep, however many older facts stay and however many go', async () => {
    const store = await stores.open();
    for (const id of ['over', 'open']) await store.runs.create(newRun(id, { repo: id, at: 1 }));
    await store.runs.transition('over', { seq: 1, state: SHIPPED, effects: [], cause: 'green', at: 2 });
    await write(stores, many("'fact/attempts/open/work/' || n, '1', n", 5_001, 'facts (key, value, at)'));
    await write(stores, many("'fact/attempts/over/work/' || n, '1', 6000 + n", 5_001, 'facts (key, value, at)'));
    await store.control.setFact('bundled/over', 'abc', 20_000);

    expect(await store.janitor.sweep(NOW)).toMatchObject({ facts: 5_002 });
    expect(await store.control.facts('attempts/')).toHaveLength(5_001);
    expect(await store.control.fact('bundled/over')).toBeNull();
  });

  it('drops all events that are due in one sweep, however many', async () => {
    const store = await stores.open();
    await write(stores, many("n, n, 'system', 'k', 'null'", 5_001, 'events (seq, at, subject, kind, data)'));
    expect(await store.janitor.sweep(NOW)).toMatchObject({ events: 5_001 });
    expect(await eventsOf(store, 'system')).toEqual([]);
  });

  it('leaves a fact of no family where it is, names it, and drops the others', async () => {
    const store = await stores.open();
    await write(stores, "INSERT INTO facts (key, value, at) VALUES ('fact/gone/x', '1', 1)");
    await store.control.setFact('worker/gone', { stopped: true }, NOW - 31 * DAY);

    expect(await store.janitor.sweep(NOW)).toMatchObject({ facts: 1, strange: ['gone/x'] });
    expect(await store.janitor.sweep(NOW)).toMatchObject({ facts: 0, strange: ['gone/x'] });
  });

  it('stops between two batches when it is told to', async () => {
    const store = await stores.open();
    await store.control.setFact('worker/gone', { stopped: true }, NOW - 31 * DAY);
    await store.events.append({ at: 1, subject: 'system', kind: 'k', data: null });

    expect(await store.janitor.sweep(NOW, AbortSignal.abort())).toMatchObject({ facts: 0, events: 0 });
  });
}

function describeRecords(stores: Stores): void {
  it('keeps each event that is the only record of what a person did, however old', async () => {
    const store = await stores.open();
    const ada = { name: 'ada', kind: 'token', scopes: [] } as const;
    await store.runs.create(newRun('over', { at: 1 }));
    await store.runs.transition('over', { seq: 1, state: SHIPPED, effects: [], cause: 'green', at: 2 });
    const token = { id: 't', name: 'ci', digest: 'd', scopes: ['read'], by: ada } as const;
    await store.tokens.create({ ...token, createdAt: 3, expiresAt: null });
    await store.tokens.revoke('t', ada, 4);
    await store.control.setKillSwitch({ on: false, by: 'ada', note: 'armed', at: 5 });
    const refused = { kind: 'cancel', reason: 'no name' };
    await store.events.append({ at: 6, subject: 'run/over', kind: 'signal.refused', data: refused });
    await store.events.append({ at: 7, subject: 'system', kind: 'escalation.settled', data: { key: 'k' } });
    await store.events.append({ at: 8, subject: 'system', kind: 'tracker.failed', data: null });

    await store.janitor.sweep(NOW);
    expect((await store.events.after(0, { limit: 100 })).map(({ kind }) => kind)).toEqual([
      'run.stage',
      'token.created',
      'token.revoked',
      'kill-switch',
      'signal.refused',
      'escalation.settled',
    ]);
  });

  it('drops old events of what is over, with where it stood kept, and touches no record', async () => {
    const store = await stores.open();
    for (const id of ['over', 'open']) {
      await store.runs.create(newRun(id, { repo: id, at: NOW - 40 * DAY }));
      await store.sessions.open({ id, unit: runSubject(id), system: '', at: NOW - 40 * DAY });
      await store.sessions.commitTurn(turn(id, 1, { at: NOW - 39 * DAY }));
    }
    await store.runs.transition('over', { seq: 1, state: SHIPPED, effects: [], cause: 'green', at: NOW - 38 * DAY });
    await store.events.append({ at: NOW - 31 * DAY, subject: 'system', kind: 'k', data: null });
    await store.events.append({ at: NOW - 29 * DAY, subject: 'system', kind: 'k', data: null });
    const last = await store.events.last();

    expect(await store.janitor.sweep(NOW)).toMatchObject({ events: 3 });
    expect((await eventsOf(store, 'run/over')).map(({ kind }) => kind)).toEqual(['run.stage']);
    expect((await eventsOf(store, 'run/open')).map(({ kind }) => kind)).toEqual(['run.created', 'turn.committed']);
    expect(await eventsOf(store, 'system')).toHaveLength(1);
    expect(await store.events.last()).toBe(last);
    expect((await store.sessions.transcript('over')).turns).toHaveLength(1);
    expect(await store.runs.transitions('over')).toHaveLength(2);
  });
}

/** Of a number of rows in one statement: one by one each would wait for the disk. */
function many(columns: string, count: number, into: string): string {
  return `INSERT INTO ${into} WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ${count})
          SELECT ${columns} FROM counted`;
}

async function write(stores: Stores, statement: string): Promise<void> {
  const sql = await openSql(stores.home.config);
  await sql.query(statement);
  await sql.close();
}
