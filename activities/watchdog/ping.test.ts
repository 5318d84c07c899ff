import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPing, type Ping } from './ping.ts';

let server: Server;
let heard: string[];
let status: number;

beforeEach(async () => {
  heard = [];
  status = 200;
  server = createServer((req, res) => {
    heard.push(`${req.method} ${req.url}`);
    res.writeHead(status).end('OK');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function ping(): Ping {
  return createPing({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/t0ken`, everyMs: 1_000 });
}

describe('the dead-man ping', () => {
  it('is a GET of the address, once in its interval', async () => {
    const { whenDue } = ping();
    for (const now of [5_000, 5_999, 6_000]) expect(await whenDue(now)).toMatchObject({ ok: true });

    expect(heard).toEqual(['GET /t0ken', 'GET /t0ken']);
  });

  it.each([
    ['answers with an error', () => void (status = 410), 'answered 410'],
    ['is not there', () => new Promise((resolve) => server.close(resolve)), 'ECONNREFUSED'],
  ])('whose service %s is a failure that is told, without the address and its token', async (_what, breakIt, words) => {
    const { whenDue } = ping();
    await breakIt();
    const standing = await whenDue(5_000);

    expect(standing).toMatchObject({ ok: false, at: 5_000, detail: expect.stringContaining(words) as string });
    expect(standing?.detail).not.toContain('t0ken');
  });

  it('is none where none is configured', async () => {
    expect(await createPing(null).whenDue(1)).toBeNull();
  });
});
