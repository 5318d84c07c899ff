import { describe, expect, it } from 'vitest';
import { issueBudget, runSubject, subjectOf } from '../../domain/unit.ts';
import { migrate, MIGRATIONS } from '../migrations/migrate.ts';
import { openSql } from '../open.ts';
import { ask } from './cap-reserve.ts';
import { newRun, turn, type Stores } from './stores.ts';

/** Rows as the code before the units wrote them, one and more for each table that it changed. */
const BEFORE_UNITS: readonly (readonly [string, readonly (string | number | null)[]])[] = [
  [
    'INSERT INTO sessions (id, run, system_prompt, at) VALUES (?, ?, ?, ?)',
    ['alpha-7-x/work', 'alpha-7-x', '"be brief"', 1],
  ],
  [
    'INSERT INTO session_inputs (session, key, position, before_turn, given, at) VALUES (?, ?, 1, 1, ?, ?)',
    [
      'alpha-7-x/work',
      'opening/1',
      '{"session":"alpha-7-x/work","key":"opening/1","beforeTurn":1,"text":"go","at":1}',
      1,
    ],
  ],
  [
    'INSERT INTO turns (session, turn, given, at) VALUES (?, 1, ?, ?)',
    ['alpha-7-x/work', JSON.stringify(turn('alpha-7-x/work', 1)), 2],
  ],
  [
    'INSERT INTO ledger (key, run, repo, issue, reserved, settled, charged, at, settled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ['alpha-7-x/work/1/1', 'alpha-7-x', 'alpha', 7, 50, 7, 1, 3, 4],
  ],
  [
    'INSERT INTO ledger (key, run, repo, issue, reserved, settled, charged, at, settled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ['alpha-7-x/work/2/1', 'alpha-7-x', 'alpha', 7, 30, null, 0, 5, null],
  ],
  ["INSERT INTO capacity (kind, id, position, joined_at, granted_at) VALUES ('run', 'alpha-7-x', 1, 5, 6)", []],
  ["INSERT INTO capacity (kind, id, position, joined_at, granted_at) VALUES ('run', 'beta-1-y', 2, 7, NULL)", []],
  [
    "INSERT INTO effects (key, name, class, run, attempts, result, repeated, at, done_at) VALUES ('push/alpha-7-x/abc', 'push', 'provable', 'alpha-7-x', 1, '{\"sha\":\"abc\"}', 0, 8, 9)",
    [],
  ],
  [
    "INSERT INTO effects (key, name, class, run, attempts, result, repeated, at, done_at) VALUES ('poll', 'label', 'keyed', NULL, 1, NULL, 0, 8, NULL)",
    [],
  ],
  [
    'INSERT INTO evidence (key, id, run, position, digest, bytes, given) VALUES (?, ?, ?, 1, ?, 4, ?)',
    [
      'red/alpha-7-x',
      'e1',
      'alpha-7-x',
      'd1',
      '{"key":"red/alpha-7-x","run":"alpha-7-x","kind":"red","sha":"abc","verdict":"green","summary":"fails without","mediaType":"text/plain","at":9}',
    ],
  ],
];

export function describeUnits(stores: Stores): void {
  describe('a store of before there were units', () => {
    it('is opened with everything its runs had, and goes on from there', async () => {
      const sql = await openSql(stores.home.config);
      const before = MIGRATIONS.findIndex((one) => one.name === 'units');
      await migrate(sql, MIGRATIONS.slice(0, before));
      for (const [statement, params] of BEFORE_UNITS) await sql.query(statement, params);
      await sql.close();
      const store = await stores.open();
      const unit = runSubject('alpha-7-x');

      expect(await store.sessions.get('alpha-7-x/work')).toMatchObject({ unit, system: 'be brief' });
      expect(await store.sessions.ofUnit(unit)).toEqual(['alpha-7-x/work']);
      expect(await store.sessions.countTurns(unit)).toBe(1);
      expect((await store.sessions.transcript('alpha-7-x/work')).turns).toEqual([turn('alpha-7-x/work', 1)]);
      expect(await store.ledger.spentBy(unit)).toBe(38);
      expect(await store.ledger.spentOf(issueBudget('alpha', 7))).toBe(38);
      expect(await store.capacity.held()).toEqual([{ unit, since: 6 }]);
      expect(await store.capacity.waiting()).toEqual([{ unit: runSubject('beta-1-y'), since: 7 }]);
      expect(await store.effects.list(unit)).toMatchObject([{ key: 'push/alpha-7-x/abc', done: true }]);
      expect(await store.evidence.list(unit)).toEqual([
        {
          id: 'e1',
          key: 'red/alpha-7-x',
          unit,
          kind: 'red',
          sha: 'abc',
          verdict: 'green',
          summary: 'fails without',
          mediaType: 'text/plain',
          digest: 'd1',
          bytes: 4,
          at: 9,
        },
      ]);

      await store.ledger.settle('alpha-7-x/work/2/1', 10, 10);
      expect(await store.ledger.spentBy(unit)).toBe(18);
      expect(await store.capacity.acquire(subjectOf('job', 'j'), { slots: 3, reserves: {} }, 11)).toMatchObject({
        granted: true,
      });
      await store.sessions.commitTurn(turn('alpha-7-x/work', 2));
      expect((await store.events.after(0, { subject: unit, limit: 9 })).map(({ kind }) => kind)).toEqual([
        'turn.committed',
      ]);
    });
  });

  describe('units of several kinds', () => {
    it('with one id have each their own sessions, money, evidence and events', async () => {
      const store = await stores.open();
      await store.runs.create(newRun('x'));
      const units = [runSubject('x'), subjectOf('job', 'x'), subjectOf('breakglass', 'x')] as const;
      for (const [index, unit] of units.entries()) {
        await store.sessions.open({ id: `s${index}`, unit, system: '', at: 1 });
        await store.sessions.commitTurn(turn(`s${index}`, 1));
        const budget = { name: unit, microUsd: 100 };
        const reserve = ask(`k${index}`, { unit, repo: index === 0 ? 'alpha' : null, budget, microUsd: index + 1 });
        expect(await store.ledger.reserve({ ...reserve, caps: [] })).toEqual({ ok: true });
        const evidence = {
          unit,
          kind: 'prompt',
          sha: null,
          verdict: null,
          summary: '',
          mediaType: 'text/plain',
        } as const;
        await store.evidence.put({ ...evidence, key: `e${index}`, body: '', at: 1 });
      }
      for (const [index, unit] of units.entries()) {
        expect(await store.sessions.ofUnit(unit)).toEqual([`s${index}`]);
        expect(await store.sessions.countTurns(unit)).toBe(1);
        expect(await store.ledger.spentBy(unit)).toBe(index + 1);
        expect((await store.evidence.list(unit)).map((row) => row.key)).toEqual([`e${index}`]);
        const kinds = (await store.events.after(0, { subject: unit, limit: 10 })).map(({ kind }) => kind);
        expect(kinds.filter((kind) => kind !== 'run.created')).toEqual(['turn.committed', 'evidence.added']);
      }
    });
  });
}
