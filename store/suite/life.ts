import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { migrate, MIGRATIONS } from '../migrations/migrate.ts';
import { openSql } from '../open.ts';
import { eventsOf, newRun, PREPARING, turn, type Stores } from './stores.ts';
import { runSubject } from '../../domain/unit.ts';

export function describeLife(stores: Stores): void {
  describe('the life of a store', () => {
    it('keeps everything when it is closed and opened again', async () => {
      const before = await stores.open();
      await before.runs.create(newRun('r'));
      await before.runs.transition('r', { seq: 1, state: PREPARING, effects: [], cause: 'accepted', at: 2 });
      await before.sessions.open({ id: 's', unit: runSubject('r'), system: '', at: 1 });
      await before.sessions.commitTurn(turn('s', 1));
      const run = await before.runs.get('r');
      const events = await before.events.after(0, { limit: 100 });
      await before.close();
      const after = await stores.open();
      expect(await after.runs.get('r')).toEqual(run);
      expect(await after.events.after(0, { limit: 100 })).toEqual(events);
      expect((await after.sessions.transcript('s')).turns).toEqual([turn('s', 1)]);
      await expect(before.events.last()).rejects.toThrow();
    });

    it('eight that open a new place at once all find the schema', async () => {
      const opened = await Promise.all(Array.from({ length: 8 }, () => stores.open()));
      await Promise.all(opened.map((store) => store.events.append({ at: 1, subject: 'system', kind: 'k', data: 1 })));
      expect(await (await stores.open()).events.last()).toBe(8);
    });

    it('refuses a schema that a newer release has written, and says so', async () => {
      const store = await stores.open();
      const sql = await openSql(stores.home.config);
      const next = { number: MIGRATIONS.length + 1, name: 'later', statements: ['CREATE TABLE later (id BIGINT)'] };
      await migrate(sql, [...MIGRATIONS, next]);
      await sql.close();
      await store.close();
      await expect(stores.open()).rejects.toThrow('a newer Lamplighter has used it');
    });

    it('a migration that fails leaves the schema as it was', async () => {
      await (await stores.open()).close();
      const sql = await openSql(stores.home.config);
      const broken = {
        number: MIGRATIONS.length + 1,
        name: 'broken',
        statements: ['CREATE TABLE half (id BIGINT)', 'CREATE TABLE half (id BIGINT)'],
      };
      await expect(migrate(sql, [...MIGRATIONS, broken])).rejects.toThrow('half');
      await expect(sql.query('SELECT * FROM half')).rejects.toThrow('half');
      await sql.close();
      await stores.open();
    });
  });
}

/** Real processes, killed with SIGKILL. */
export function describeKills(stores: Stores): void {
  const start = (mode: 'half' | 'endless'): ChildProcess =>
    spawn(
      process.execPath,
      [new URL('../fixtures/writer.ts', import.meta.url).pathname, mode, JSON.stringify(stores.home)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );

  describe('a process that is killed', () => {
    it('in the middle of a transaction leaves nothing of it, and holds up nobody', async () => {
      const store = await stores.open();
      await store.runs.create(newRun('r'));
      const before = await store.events.last();
      const child = start('half');
      await readLines(child, (line) => line === 'half');
      await kill(child);
      expect(await store.events.append({ at: 1, subject: 'system', kind: 'k', data: null })).toBe(before + 1);
      expect(await store.runs.get('r')).toMatchObject({ seq: 0, title: newRun('r').title });
    });

    it('while it writes loses nothing that was answered, and leaves rows and events that agree', async () => {
      const store = await stores.open();
      await store.runs.create(newRun('r'));
      await store.sessions.open({ id: 's', unit: runSubject('r'), system: '', at: 1 });
      for (const target of [3, 11, 24]) {
        const child = start('endless');
        const answered = await readLines(child, (line) => Number(line) >= target);
        await kill(child);
        const run = await store.runs.get('r');
        const transitions = await store.runs.transitions('r');
        const { turns } = await store.sessions.transcript('s');
        const events = await store.events.after(0, { limit: 10_000 });
        expect(run?.seq).toBeGreaterThanOrEqual(Number(answered));
        expect(transitions.map((row) => row.seq)).toEqual(Array.from({ length: (run?.seq ?? 0) + 1 }, (_, n) => n));
        expect(await eventsOf(store, 'run/r', 'run.stage')).toHaveLength(run?.seq ?? -1);
        expect(await eventsOf(store, 'run/r', 'turn.committed')).toHaveLength(turns.length);
        expect(Math.abs(turns.length - (run?.seq ?? -9))).toBeLessThanOrEqual(1);
        expect(events.map((row) => row.seq)).toEqual(events.map((_, index) => index + 1));
      }
    });
  });
}

/** The line that met the condition. Throws when the process ends first. */
async function readLines(child: ChildProcess, until: (line: string) => boolean): Promise<string> {
  if (child.stdout === null) throw new Error('the process has no stdout');
  for await (const line of createInterface({ input: child.stdout })) if (until(line)) return line;
  throw new Error('the process ended before it said what was waited for');
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
}
