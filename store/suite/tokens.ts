import { describe, expect, it } from 'vitest';
import type { Principal } from '../principal.ts';
import { eventsOf, type Stores } from './stores.ts';

export function describeTokens(stores: Stores): void {
  const ada: Principal = { name: 'ada', kind: 'person', scopes: ['admin'] };
  const token = (id: string, createdAt: number) =>
    ({ id, name: 'ci', digest: `digest-${id}`, scopes: ['read'], by: ada, createdAt, expiresAt: 9_000 }) as const;
  const unused = { lastUsedAt: null, revokedAt: null };

  describe('tokens', () => {
    it('are kept newest first, several of one name, and told of without what they are checked by', async () => {
      const [one, other] = await stores.pair();
      await one.tokens.create(token('a', 10));
      await one.tokens.create(token('b', 20));
      expect(await other.tokens.list()).toEqual([
        { ...token('b', 20), ...unused },
        { ...token('a', 10), ...unused },
      ]);
      expect(await other.tokens.get('a')).toEqual({ ...token('a', 10), ...unused });
      expect(await other.tokens.get('none')).toBeNull();
      const events = await eventsOf(one, 'system');
      expect(events.map((event) => event.kind)).toEqual(['token.created', 'token.created']);
      expect(JSON.stringify(events)).not.toContain('digest-');
    });

    it('remember when they were last used, no more often than asked', async () => {
      const store = await stores.open();
      await store.tokens.create(token('a', 10));
      for (const at of [1_000, 1_500, 60_999, 61_000]) await store.tokens.used('a', at, 60_000);
      expect((await store.tokens.get('a'))?.lastUsedAt).toBe(61_000);
      await store.tokens.used('a', 61_001, 60_000);
      expect((await store.tokens.get('a'))?.lastUsedAt).toBe(61_000);
    });

    it('are revoked once: the first revocation stands, and is told of with who did it', async () => {
      const [one, other] = await stores.pair();
      await one.tokens.create(token('a', 10));
      expect(await one.tokens.revoke('a', ada, 20)).toMatchObject({ id: 'a', revokedAt: 20 });
      expect(await other.tokens.revoke('a', ada, 30)).toMatchObject({ revokedAt: 20 });
      expect(await other.tokens.revoke('none', ada, 30)).toBeNull();
      expect((await eventsOf(one, 'system')).filter((event) => event.kind === 'token.revoked')).toMatchObject([
        { at: 20, data: { id: 'a', name: 'ci', by: ada } },
      ]);
    });
  });
}
