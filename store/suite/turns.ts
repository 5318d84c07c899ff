import { describe, expect, it } from 'vitest';
import { runSubject } from '../../domain/unit.ts';
import { openSql } from '../open.ts';
import { eventsOf, turn, type Stores } from './stores.ts';

export function describeTurns(stores: Stores): void {
  describe('turns', () => {
    it('a committed turn is told with its content, which is kept once, and its text as it streamed goes', async () => {
      const store = await stores.open();
      const [unit, other] = [runSubject('r'), runSubject('other')];
      await store.sessions.open({ id: 's', unit, system: '', at: 1 });
      const delta = { at: 2, kind: 'text.delta', data: { text: 'tur' } };
      await store.events.append({ ...delta, subject: unit });
      await store.events.append({ ...delta, subject: other });
      const place = await store.events.last();
      await store.sessions.commitTurn(turn('s', 1));

      const { content } = turn('s', 1);
      expect(await eventsOf(store, unit)).toMatchObject([{ kind: 'turn.committed', data: { turn: 1, content } }]);
      expect(await eventsOf(store, other)).toHaveLength(1);
      // A reader in the middle of the text goes on from there.
      const rest = await store.events.after(place - 1, { subject: unit, limit: 10 });
      expect(rest.map(({ kind }) => kind)).toEqual(['turn.committed']);
      const sql = await openSql(stores.home.config);
      const kept = await sql.query<{ data: string }>("SELECT data FROM events WHERE kind = 'turn.committed'");
      expect(JSON.parse(kept[0]?.data ?? '')).toEqual({ session: 's', turn: 1, stopReason: 'tool_use', microUsd: 42 });
      await sql.close();
    });

    it('a transcript is read on from where it was read to, each row once', async () => {
      const store = await stores.open();
      await store.sessions.open({ id: 's', unit: runSubject('r'), system: '', at: 1 });
      const result = { session: 's', turn: 1, toolUseId: 't1', content: 'ok', isError: false, at: 3 };
      await store.sessions.addInput('s', 'opening/1', 'go', 1);
      await store.sessions.commitTurn(turn('s', 1));
      const first = await store.sessions.after('s', null);
      expect(first.fresh).toEqual(await store.sessions.transcript('s'));
      expect(first).toMatchObject({
        fresh: { turns: [turn('s', 1)], results: [] },
        place: { turn: 1, input: 1, result: 0 },
      });

      await store.sessions.putResult(result);
      await store.sessions.putResult({ ...result, toolUseId: 't0' });
      await store.sessions.addInput('s', 'act/1', 'mind the gap', 4);
      await store.sessions.commitTurn(turn('s', 2));
      const second = await store.sessions.after('s', first.place);
      expect(second.fresh.results.map(({ toolUseId }) => toolUseId)).toEqual(['t1', 't0']);
      expect(second.fresh).toMatchObject({ inputs: [{ key: 'act/1', beforeTurn: 2 }], turns: [turn('s', 2)] });
      const nothing = { inputs: [], turns: [], results: [] };
      expect(await store.sessions.after('s', second.place)).toEqual({ fresh: nothing, place: second.place });
    });
  });
}
