/** The table of routes is all that is served, and what it says of scopes is what is asked. */
import { request } from 'node:http';
import type { Router } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, TOKEN, type ApiServer } from '../test/setup/api-server.ts';
import { ROUTES } from './routes.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

/** Every route that express would answer, wherever it was mounted. */
function served(stack: Router['stack']): string[] {
  return stack.flatMap((layer) => {
    if (layer.route !== undefined)
      return layer.route.stack.map((one) => `${one.method.toUpperCase()} ${layer.route?.path}`);
    const inner: unknown = 'stack' in layer.handle ? layer.handle.stack : [];
    return served(inner as Router['stack']);
  });
}

/** fetch sets Host by its own rules, so these go out raw. */
function statusOf(path: string, headers: Readonly<Record<string, string>>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${api.url}${path}`, { method, headers }, (res) => {
      resolve(res.statusCode ?? 0);
      res.destroy();
    })
      .on('error', reject)
      .end();
  });
}

const elsewhere = { host: 'lamplighter.example' };
const basic = (token: string): Record<string, string> => ({
  ...elsewhere,
  authorization: `Basic ${Buffer.from(`ada:${token}`).toString('base64')}`,
});

describe('the table of routes', () => {
  it('has a row for every route of the application, and the application has every row', () => {
    const rows = new Set(ROUTES.map(({ method, path }) => `${method} ${path}`));
    expect(new Set(served(api.app().router.stack))).toEqual(rows);
    expect(rows.size).toBe(ROUTES.length);
  });

  it('opens without a scope only what tells nothing of what is kept', () => {
    const open = ROUTES.filter((route) => route.scope === 'open').map((route) => route.path);
    expect(open).toEqual(['/livez', '/openapi.json', ...open.filter((path) => path.startsWith('/assets/'))]);
  });

  it('lets nobody change anything with the scope to read', () => {
    expect(ROUTES.filter(({ method, scope }) => method !== 'GET' && (scope === 'read' || scope === 'open'))).toEqual(
      [],
    );
  });
});

describe('reading', () => {
  it.each(['/healthz', '/api/status', '/api/runs', '/api/events', '/', '/caps'])(
    'GET %s needs no token on this machine, and one under any other name',
    async (path) => {
      expect(await statusOf(path, {})).toBeLessThan(400);
      expect(await statusOf(path, elsewhere)).toBe(401);
      expect(await statusOf(path, { ...elsewhere, authorization: `Bearer ${TOKEN}` })).toBeLessThan(400);
    },
  );

  it.each(['x-forwarded-for', 'forwarded'])('of what a proxy hands on (%s) needs a token', async (header) => {
    expect(await statusOf('/api/runs', { [header]: '192.0.2.1' })).toBe(401);
  });

  it('with a wrong token is refused on this machine too', async () => {
    expect(await statusOf('/api/runs', { authorization: 'Bearer wrong' })).toBe(401);
  });

  it('takes the token from a browser’s own prompt, which a page asks for and a call does not', async () => {
    expect(await statusOf('/', basic(TOKEN))).toBe(200);
    expect(await statusOf('/', basic('wrong'))).toBe(401);
    const prompt = async (path: string): Promise<string | null> =>
      (await fetch(`${api.url}${path}`, { headers: { 'x-forwarded-for': '192.0.2.1' } })).headers.get(
        'www-authenticate',
      );
    expect(await prompt('/')).toContain('Basic realm="Lamplighter"');
    expect(await prompt('/api/runs')).toBeNull();
  });

  it('is all that such a prompt opens', async () => {
    expect(await statusOf('/api/poll', { ...basic(TOKEN), 'content-type': 'application/json' }, 'POST')).toBe(401);
  });
});
