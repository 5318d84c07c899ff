import { describe, expect, it } from 'vitest';
import { openSql } from '../open.ts';
import type { Stores } from './stores.ts';

export function describeFacts(stores: Stores): void {
  describe('facts', () => {
    it('facts are kept by name, and null when nobody said any', async () => {
      const store = await stores.open();
      expect(await store.control.fact('bundled/r')).toBeNull();
      await store.control.setFact('bundled/r', 'abc', 1);
      await store.control.setFact('bundled/r', 'def', 2);
      expect(await store.control.fact('bundled/r')).toBe('def');
      await store.control.setFact('bundled/r', null, 3);
      expect(await store.control.fact('bundled/r')).toBeNull();
      expect((await store.control.killSwitch()).on).toBe(true);
    });

    it('a fact is of a family and of its shape, or it is an error that says whose', async () => {
      const { control } = await stores.open();
      await expect(control.setFact('elsewhere/r' as 'bundled/r', 'abc', 1)).rejects.toThrow(
        'add one to store/facts.ts',
      );
      await expect(control.setFact('bundled/r', 7 as never, 1)).rejects.toThrow(
        'not what activities/agent/kept.ts writes',
      );
      const sql = await openSql(stores.home.config);
      await sql.query("INSERT INTO facts (key, value, at) VALUES ('fact/checks/r', '\"soon\"', 1)");
      await sql.close();
      await expect(control.fact('checks/r')).rejects.toThrow(
        'the fact checks/r is not what activities/stages/prepare.ts writes',
      );
    });

    it('facts are listed by their family, with the time when each was said', async () => {
      const store = await stores.open();
      const [on, off] = [{ stopped: false }, { stopped: true }];
      await store.control.setFact('worker/b', on, 5);
      await store.control.setFact('worker/B%', on, 6);
      await store.control.setFact('worker/b', off, 7);
      await store.control.setFact('watch/c', 8, 8);
      await store.control.setKillSwitch({ on: false, by: 'ada', note: 'armed', at: 3 });
      expect(await store.control.facts('worker/')).toEqual([
        { key: 'worker/B%', value: on, at: 6 },
        { key: 'worker/b', value: off, at: 7 },
      ]);
    });
  });
}
