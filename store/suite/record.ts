import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NewEvidence, Principal } from '../port.ts';
import { concurrently, eventsOf, newRun, turn, type Stores } from './stores.ts';
import { runSubject } from '../../domain/unit.ts';

/** What tools print and models write, and what PostgreSQL's TEXT refuses. */
const ODD = 'NUL \u0000, half a pair \ud800, 🕯, "quoted" ?\n';

export function describeEvents(stores: Stores): void {
  describe('events', () => {
    it('are gap-free in the order of commit: a reader that saw n has seen all up to n', async () => {
      const [one, two, reader] = [await stores.open(), await stores.open(), await stores.open()];
      const writing = concurrently([one, two], 200, (store, index) =>
        store.events.append({ at: index, subject: `run/${index % 3}`, kind: 'counted', data: { index } }),
      );
      const seen: number[] = [];
      while (seen.length < 200) {
        for (const row of await reader.events.after(seen.at(-1) ?? 0, { limit: 50 })) seen.push(row.seq);
      }
      const numbers = Array.from({ length: 200 }, (_, index) => index + 1);
      expect(seen).toEqual(numbers);
      expect((await writing).toSorted((a, b) => a - b)).toEqual(numbers);
      expect(await reader.events.last()).toBe(200);
    });

    it('what is rolled back leaves no gap', async () => {
      const store = await stores.open();
      await store.runs.create(newRun('r'));
      await expect(store.sessions.commitTurn(turn('unknown', 1))).rejects.toThrow('there is no session unknown');
      const before = await store.events.last();
      expect(await store.events.append({ at: 1, subject: 'system', kind: 'k', data: null })).toBe(before + 1);
    });

    it('come by subject, with the data they were given', async () => {
      const store = await stores.open();
      await store.events.append({ at: 1, subject: 'run/a', kind: 'k', data: { text: ODD } });
      await store.events.append({ at: 2, subject: 'run/b', kind: 'k', data: [1, null] });
      expect(await store.events.after(0, { subject: 'run/a', limit: 10 })).toEqual([
        { seq: 1, at: 1, subject: 'run/a', kind: 'k', data: { text: ODD } },
      ]);
      expect(await store.events.after(1, { limit: 10 })).toEqual([
        { seq: 2, at: 2, subject: 'run/b', kind: 'k', data: [1, null] },
      ]);
    });

    it('say when the newest of some kinds was, whatever came after it', async () => {
      const store = await stores.open();
      for (const [at, kind] of [
        [5, 'turn'],
        [9, 'turn'],
        [7, 'result'],
        [11, 'call'],
      ] as const) {
        await store.events.append({ at, subject: 'run/a', kind, data: null });
      }
      await store.events.append({ at: 20, subject: 'run/b', kind: 'turn', data: null });
      expect(await store.events.newestAt('run/a', ['turn'])).toBe(9);
      expect(await store.events.newestAt('run/a', ['turn', 'result'])).toBe(7);
      expect(await store.events.newestAt('run/a', ['evidence'])).toBeNull();
      expect(await store.events.newestAt('run/a', [])).toBeNull();
    });
  });
}

export function describeSessions(stores: Stores): void {
  describe('sessions', () => {
    it('the first committed turn and the first tool result win, in two processes at once (invariant 6)', async () => {
      const pair = await stores.pair();
      await pair[0].sessions.open({ id: 's', unit: runSubject('r'), system: ODD, at: 1 });
      const turns = await concurrently(pair, 10, (store, index) =>
        store.sessions.commitTurn(turn('s', 1, { content: [{ by: index, text: ODD }] })),
      );
      const [winner, ...others] = turns.filter((one) => one.won);
      expect(others).toEqual([]);
      for (const one of turns) expect(one.row).toEqual(winner?.row);
      const results = await concurrently(pair, 10, (store, index) =>
        store.sessions.putResult({
          session: 's',
          turn: 1,
          toolUseId: 't1',
          content: `${ODD}${index}`,
          isError: false,
          at: 5,
        }),
      );
      for (const one of results) expect(one).toEqual(results[0]);
      const { turns: rows, results: kept } = await pair[1].sessions.transcript('s');
      expect(rows).toEqual([winner?.row]);
      expect(kept).toEqual([results[0]]);
      const events = await eventsOf(pair[0], 'run/r');
      expect(events.map((row) => row.kind)).toEqual(['turn.committed', 'tool.result']);
      expect(events[0]?.data).toEqual({
        session: 's',
        turn: 1,
        stopReason: 'tool_use',
        microUsd: 42,
        content: winner?.row.content,
      });
      const bytes = Buffer.byteLength(results[0]?.content ?? '');
      expect(events[1]?.data).toEqual({ session: 's', turn: 1, toolUseId: 't1', isError: false, bytes });
    });

    it('an input lands before the next turn, once', async () => {
      const store = await stores.open();
      await store.sessions.open({ id: 's', unit: runSubject('r'), system: 'be brief', at: 1 });
      await store.sessions.open({ id: 's', unit: runSubject('other'), system: 'be long', at: 2 });
      expect(await store.sessions.get('s')).toEqual({ id: 's', unit: runSubject('r'), system: 'be brief', at: 1 });
      await store.sessions.addInput('s', 'brief', 'go', 2);
      await store.sessions.commitTurn(turn('s', 1));
      await store.sessions.addInput('s', 'note', 'left', 3);
      await store.sessions.addInput('s', 'brief', 'go again', 4);
      const { inputs } = await store.sessions.transcript('s');
      expect(inputs.map(({ key, beforeTurn, text }) => [key, beforeTurn, text])).toEqual([
        ['brief', 1, 'go'],
        ['note', 2, 'left'],
      ]);
      const events = await eventsOf(store, 'run/r', 'session.input');
      expect(events.map((row) => row.data)).toEqual([
        { session: 's', key: 'brief' },
        { session: 's', key: 'note' },
      ]);
    });

    it('turns follow each other without gaps, and are counted over all sessions of a run', async () => {
      const store = await stores.open();
      await store.sessions.open({ id: 's1', unit: runSubject('r'), system: '', at: 1 });
      await store.sessions.open({ id: 's2', unit: runSubject('r'), system: '', at: 2 });
      for (const [session, number] of [
        ['s1', 1],
        ['s1', 2],
        ['s2', 1],
      ] as const) {
        await store.sessions.commitTurn(turn(session, number));
      }
      await expect(store.sessions.commitTurn(turn('s2', 3))).rejects.toThrow('would leave a gap');
      expect(await store.sessions.countTurns(runSubject('r'))).toBe(3);
      expect(await store.sessions.countTurns(runSubject('nobody'))).toBe(0);
      expect(await store.sessions.ofUnit(runSubject('r'))).toEqual(['s1', 's2']);
      expect(await store.sessions.get('s3')).toBeNull();
    });
  });
}

export function describeEvidence(stores: Stores): void {
  const log = (over: Partial<NewEvidence> = {}): NewEvidence => ({
    key: 'r/red',
    unit: runSubject('r'),
    kind: 'red',
    sha: 'abc',
    verdict: 'green',
    summary: 'the new test fails without the change',
    mediaType: 'text/plain',
    body: 'not ok 1 – ü',
    at: 9,
    ...over,
  });

  describe('evidence', () => {
    it('the same key keeps the first, and its id and body stay', async () => {
      const pair = await stores.pair();
      const rows = await concurrently(pair, 10, (store, index) => store.evidence.put(log({ summary: `try ${index}` })));
      for (const row of rows) expect(row).toEqual(rows[0]);
      const [first] = rows;
      if (first === undefined) throw new Error('no row came back');
      expect(await pair[1].evidence.get(first.id)).toEqual(first);
      expect(await pair[1].evidence.body(first.id)).toEqual(Buffer.from('not ok 1 – ü'));
      expect(first.bytes).toBe(15);
      expect((await eventsOf(pair[0], 'run/r', 'evidence.added')).map((row) => row.data)).toEqual([
        { id: first.id, kind: 'red', verdict: 'green', summary: first.summary, sha: 'abc' },
      ]);
    });

    it('lists oldest first; unknown ids are null', async () => {
      const store = await stores.open();
      for (const key of ['z', 'm', 'a']) await store.evidence.put(log({ key, at: 1 }));
      expect((await store.evidence.list(runSubject('r'))).map((row) => row.key)).toEqual(['z', 'm', 'a']);
      expect(await store.evidence.get('none')).toBeNull();
      expect(await store.evidence.body('none')).toBeNull();
    });

    it('one content is one file, for its owner alone, and a changed file is an error', async () => {
      const store = await stores.open();
      const row = await store.evidence.put(log({ key: 'a', body: new Uint8Array([0, 255, 7]) }));
      expect((await store.evidence.put(log({ key: 'b', body: new Uint8Array([0, 255, 7]) }))).digest).toBe(row.digest);
      const folder = join(stores.home.blobsDir, row.digest.slice(0, 2));
      expect(readdirSync(folder)).toEqual([row.digest.slice(2)]);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      expect(statSync(stores.home.blobsDir).mode & 0o777).toBe(0o700);
      const file = join(folder, row.digest.slice(2));
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(await store.evidence.body(row.id)).toEqual(Buffer.from([0, 255, 7]));
      writeFileSync(file, 'forged');
      await expect(store.evidence.body(row.id)).rejects.toThrow('was changed on disk');
    });
  });
}

export function describePeople(stores: Stores): void {
  const ada: Principal = { name: 'ada', kind: 'person', scopes: ['operate'] };

  describe('acts, escalations and the kill switch', () => {
    it('an act is one by its id, unread until it is taken, and the first taking stands', async () => {
      const pair = await stores.pair();
      await pair[0].runs.create(newRun('r'));
      const act = { id: 'a1', run: 'r', data: { kind: 'cancel' }, by: ada, note: ODD, at: 5 } as const;
      const rows = await concurrently(pair, 10, (store) => store.acts.add(act));
      for (const row of rows) expect(row).toEqual({ ...act, seq: 1, takenAt: null });
      await pair[1].acts.add({ ...act, id: 'a0', data: { kind: 'unfreeze', way: 'resolved', reverted: false } });
      expect((await pair[0].acts.unread('r')).map((row) => row.id)).toEqual(['a1', 'a0']);
      await pair[0].acts.take('a1', 6);
      await pair[1].acts.take('a1', 7);
      expect((await pair[0].acts.unread('r')).map((row) => row.id)).toEqual(['a0']);
      expect((await pair[0].acts.list('r')).map((row) => row.takenAt)).toEqual([6, null]);
      expect((await eventsOf(pair[0], 'run/r', 'act.added')).map((row) => row.data)).toEqual([
        { id: 'a1', kind: 'cancel', by: 'ada', note: ODD },
        { id: 'a0', kind: 'unfreeze', by: 'ada', note: ODD },
      ]);
      await expect(pair[0].acts.add({ ...act, id: 'a2', run: 'nobody' })).rejects.toThrow('there is no run nobody');
    });

    it('an escalation is raised once, about a run, a repo or the system, and waits until it is delivered', async () => {
      const pair = await stores.pair();
      const call = {
        key: 'frozen/r',
        run: 'r',
        repo: 'alpha',
        severity: 'high',
        topic: 'frozen',
        decision: 'unfreeze',
        at: 4,
      } as const;
      const answers = await concurrently(pair, 10, (store) => store.escalations.raise(call));
      expect(answers.filter((one) => one.raised)).toHaveLength(1);
      await pair[0].escalations.raise({ ...call, key: 'poll', run: null, at: 5 });
      await pair[0].escalations.raise({ ...call, key: 'disk', run: null, repo: null, at: 6 });
      for (const subject of ['run/r', 'repo/alpha', 'system']) {
        expect(await eventsOf(pair[1], subject, 'escalation.raised')).toHaveLength(1);
      }
      await pair[0].escalations.delivered('frozen/r', 8);
      await pair[0].escalations.delivered('frozen/r', 9);
      expect(await pair[0].escalations.list({ run: 'r' })).toEqual([{ ...call, deliveredAt: 8 }]);
      expect((await pair[0].escalations.list({ undelivered: true })).map((one) => one.key)).toEqual(['poll', 'disk']);
    });

    it('the kill switch of a fresh store is on, and what people decide stays and is told (invariant 8)', async () => {
      const [one, two] = [await stores.open(), await stores.open()];
      expect(await one.control.killSwitch()).toEqual({ on: true, by: 'lamplighter', note: 'ships disarmed', at: 0 });
      const off = { on: false, by: 'ada', note: 'armed', at: 3 };
      await one.control.setKillSwitch(off);
      expect(await two.control.killSwitch()).toEqual(off);
      expect((await eventsOf(two, 'system', 'kill-switch')).map((row) => row.data)).toEqual([off]);
    });
  });
}
