import { once } from 'node:events';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, TOKEN, type ApiServer } from '../../test/setup/api-server.ts';
import { listen } from './listen.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer({ host: '0.0.0.0' });
});
afterAll(() => api.close());

const ada = { name: 'ada', kind: 'person', scopes: ['admin'] } as const;
const token = (id: string, expiresAt: number | null) =>
  ({ id, name: id, digest: '00', scopes: ['read'], by: ada, createdAt: 0, expiresAt }) as const;

/** The address it listened at, or why it did not. */
async function tried(host: string): Promise<string> {
  const server = createServer();
  try {
    await listen(server, {
      api: { host, port: 0, publicUrl: 'http://h', names: [] },
      store: api.store,
      now: () => 1_000,
    });
  } catch (error) {
    return String(error);
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.address ?? '') : '';
}

describe('an api on loopback', () => {
  it.each(['127.0.0.1', '::1'])('listens at %s without any token', async (host) => {
    expect(await tried(host)).toBe(host);
  });
});

describe('an api beyond loopback', () => {
  it('is refused at its start while nobody has a token that stands, with what to do', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1'])
      expect(await tried(host)).toContain(
        `${host} is reached from other machines, and nobody has a token yet: leave api.host out`,
      );
    await api.store.tokens.create(token('expired', 1_000));
    await api.store.tokens.create(token('revoked', null));
    await api.store.tokens.revoke('revoked', ada, 1);
    expect(await tried('0.0.0.0')).toContain('every token is revoked or has expired');
    await api.store.tokens.create(token('good', 1_001));
    expect(await tried('0.0.0.0')).toBe('0.0.0.0');
  });

  it('at an address of another machine says so', async () => {
    expect(await tried('192.0.2.1')).toContain('api.host: 192.0.2.1 is no address of this machine (EADDRNOTAVAIL)');
  });

  it('wants a token for reading, also on this machine and under its own address', async () => {
    const { port } = new URL(api.url);
    const outer = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .find((one) => one.family === 'IPv4');
    const urls = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
    for (const url of urls) {
      expect((await fetch(`${url}/api/runs`)).status).toBe(401);
      expect((await fetch(`${url}/`)).status).toBe(401);
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      expect((await fetch(`${url}/api/runs`, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
    }
    if (outer !== undefined && outer.address !== '127.0.0.1')
      expect((await fetch(`http://${outer.address}:${port}/livez`)).status).toBe(421);
  });
});
