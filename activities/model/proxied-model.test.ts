/** The model behind a company's proxy: a real little one on loopback. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createModel } from './model.ts';
import { startScriptedModel } from './scripted/server.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const REQUEST = {
  model: 'scripted',
  maxTokens: 100,
  system: 'You are asked.',
  tools: [],
  messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }],
};

describe('a model that is reached through a proxy', () => {
  it('is asked through it, with its login and by its own name; what it streams comes back', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'proxied-model-'));
    writeFileSync(join(dir, 'one.yaml'), 'name: one\nmatch: never\nsteps: []\n');
    const model = await startScriptedModel({ scenarioDir: dir, port: 0, logFile: join(dir, 'log') });
    const seen: (string | undefined)[] = [];
    const proxy = createServer((asked, answer) => {
      seen.push(asked.url, asked.headers['proxy-authorization']);
      const chunks: Buffer[] = [];
      asked.on('data', (chunk: Buffer) => chunks.push(chunk));
      asked.on('end', () => {
        void fetch(`${model.url}/v1/messages`, { method: 'POST', body: Buffer.concat(chunks) }).then(async (got) => {
          answer.writeHead(got.status, { 'content-type': got.headers.get('content-type') ?? '' });
          answer.end(await got.text());
        });
      });
    });
    const port = await listen(proxy);
    const client = createModel(
      { apiKey: 'key', baseUrl: 'http://models.example.org' },
      { proxy: `127.0.0.1:${port}`, login: 'ada:s@cret', privateHosts: [] },
    );
    try {
      const outcome = await client.call(
        REQUEST as never,
        { signal: new AbortController().signal, onText: () => undefined } as never,
      );

      expect(outcome).toMatchObject({ ok: true });
      expect(seen).toEqual([
        'http://models.example.org/v1/messages',
        `Basic ${Buffer.from('ada:s@cret').toString('base64')}`,
      ]);
    } finally {
      await model.close();
      rmSync(dir, { recursive: true });
    }
  });

  it('is asked without it where a range of addresses says so, which no library reads for us', async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, answer) => {
      asked.push(request.headers.host);
      answer.writeHead(400).end();
    });
    servers.push(server.listen(0, '127.9.9.9'));
    await once(server, 'listening');
    const host = `127.9.9.9:${(server.address() as AddressInfo).port}`;
    const proxy = createServer(() => asked.push('the proxy'));
    const client = createModel(
      { apiKey: 'key', baseUrl: `http://${host}` },
      { proxy: `127.0.0.1:${await listen(proxy)}`, direct: ['127.0.0.0/8'], privateHosts: [] },
    );
    await client.call(REQUEST as never, { signal: AbortSignal.timeout(10_000), onText: () => undefined } as never);
    expect(asked).toEqual([host]);
  });

  it('over https is asked for by CONNECT; that it could not be reached is data, without the password', async () => {
    const asked: (string | undefined)[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    const port = await listen(proxy);
    const client = createModel(
      { apiKey: 'key', baseUrl: null },
      { proxy: `127.0.0.1:${port}`, login: 'ada:s@cret', privateHosts: [] },
    );
    const outcome = await client.call(
      REQUEST as never,
      { signal: new AbortController().signal, onText: () => undefined } as never,
    );

    expect(outcome).toMatchObject({ ok: false });
    expect(JSON.stringify(outcome)).not.toMatch(/cret/);
    expect(asked).toEqual(['api.anthropic.com:443']);
  });
});
