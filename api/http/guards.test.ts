import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acting, REPO, seedRun, startApiServer, TOKEN, type ApiServer } from '../../test/setup/api-server.ts';
import type { ErrorBody } from '../views/view.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  await seedRun(api.store, 'run-1');
});
afterAll(() => api.close());

/** fetch sets Host, Origin and Latin-1 headers by its own rules, so these go out raw. */
function raw(
  path: string,
  headers: Record<string, string>,
  method = 'GET',
  body = '',
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const req = request(`${api.url}${path}`, { method, headers }, (res) => {
      let text = '';
      res
        .setEncoding('utf8')
        .on('data', (chunk: string) => (text += chunk))
        .on('end', () => resolve({ status: res.statusCode ?? 0, body: text }));
    });
    req.on('error', reject).end(body);
  });
}

async function refusal(answer: Response): Promise<[number, string]> {
  const { error } = (await answer.json()) as ErrorBody;
  expect(JSON.stringify(error)).not.toMatch(/at .*\.ts:\d|node_modules/);
  return [answer.status, error.code];
}

const put = (headers: Record<string, string> = {}): RequestInit => acting({ on: true, note: 'why' }, headers, 'PUT');

describe('who may change something', () => {
  it.each([
    ['no header', {}, 401],
    ['an empty bearer', { authorization: 'Bearer ' }, 401],
    ['another scheme', { authorization: `Basic ${TOKEN}` }, 401],
    ['a wrong token', { authorization: 'Bearer wrong' }, 401],
    ['a prefix of the token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 401],
    ['a token of another script', { authorization: 'Bearer \u00fc\u00df\u00e9' }, 401],
    ['the token', { authorization: `Bearer ${TOKEN}` }, 200],
    ['the token, scheme in capitals', { authorization: `BEARER ${TOKEN}` }, 200],
  ])('%s', async (_name, headers, status) => {
    const answer = await raw(
      '/api/kill-switch',
      { 'content-type': 'application/json', ...headers },
      'PUT',
      JSON.stringify({ on: true, note: 'why' }),
    );
    expect(answer.status).toBe(status);
  });

  it('an empty configured token lets nobody in, not even an empty bearer', async () => {
    const open = await startApiServer({ token: '' });
    try {
      for (const authorization of ['Bearer ', 'Bearer', 'Bearer  x', '']) {
        expect((await fetch(`${open.url}/api/poll`, acting({}, { authorization }))).status).toBe(401);
      }
    } finally {
      await open.close();
    }
  });

  it('a token that is not ASCII is compared as it was sent', async () => {
    const odd = await startApiServer({ token: 'schlüssel-鍵' });
    try {
      const sent = Buffer.from('schlüssel-鍵', 'utf8').toString('latin1');
      expect((await fetch(`${odd.url}/api/poll`, acting({}, { authorization: `Bearer ${sent}` }))).status).toBe(202);
    } finally {
      await odd.close();
    }
  });

  it('a name in X-Lamplighter-Actor is recorded, as a token’s claim', async () => {
    const answer = await fetch(
      `${api.url}/api/runs/run-1/acts`,
      acting({ kind: 'escalate', note: 'look' }, { 'x-lamplighter-actor': encodeURIComponent('Åsa Öberg') }),
    );
    expect(answer.status).toBe(201);
    expect((await api.store.acts.list('run-1')).at(-1)?.by).toEqual({
      name: 'Åsa Öberg',
      kind: 'token',
      scopes: ['read', 'act', 'operate', 'admin'],
    });
  });

  it.each(['', '%', '%0A', 'x'.repeat(101)])('the actor %j is refused', async (actor) => {
    const answer = await fetch(`${api.url}/api/poll`, acting({}, { 'x-lamplighter-actor': actor }));
    expect(await refusal(answer)).toEqual([400, 'bad-actor']);
  });
});

describe('from where', () => {
  const port = (): string => new URL(api.url).port;

  it.each(['localhost', '127.0.0.1', '[::1]', 'lamplighter.example', 'lamplighter.internal', 'LOCALHOST'])(
    'Host %s is ours',
    async (host) => {
      expect((await raw('/livez', { host: `${host}:${port()}` })).status).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '169.254.169.254',
    'a b',
    'x@127.0.0.1',
    '127.0.0.1/x',
  ])('Host %j is refused, for reading too', async (host) => {
    expect((await raw('/api/runs', { host })).status).toBe(421);
  });

  it('Origin, when sent, must be our own', async () => {
    const host = `127.0.0.1:${port()}`;
    for (const origin of [`http://${host}`, `http://lamplighter.example:${port()}`]) {
      expect((await raw('/api/runs', { host, origin })).status).toBe(200);
    }
    for (const origin of [
      'http://evil.example',
      'null',
      `http://${host}.evil.example`,
      'http://127.0.0.1:1',
      `file://${host}`,
    ]) {
      expect((await raw('/api/runs', { host, origin })).status).toBe(403);
    }
  });

  it('a form of another page cannot post, even with a token', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data',
      'application/jsonp',
      '',
    ]) {
      expect(await refusal(await fetch(`${api.url}/api/kill-switch`, put({ 'content-type': type })))).toEqual([
        415,
        'json-only',
      ]);
    }
    expect(
      (await fetch(`${api.url}/api/kill-switch`, put({ 'content-type': 'Application/JSON; charset=utf-8' }))).status,
    ).toBe(200);
  });
});

describe('bad requests', () => {
  it.each([
    ['malformed JSON', '{"on":', 400, 'malformed-json'],
    ['a bare string', '"on"', 400, 'malformed-json'],
    ['an array', '[]', 400, 'bad-body'],
    ['nothing', '', 400, 'bad-body'],
    ['a wrong type', '{"on":"yes","note":"x"}', 400, 'bad-body'],
    ['an unknown field', '{"on":true,"note":"x","force":1}', 400, 'bad-body'],
    ['a blank note', '{"on":true,"note":"  "}', 400, 'bad-body'],
    ['too large', `{"on":true,"note":"${'x'.repeat(300_000)}"}`, 413, 'too-large'],
  ])('%s', async (_name, body, status, code) => {
    expect(await refusal(await fetch(`${api.url}/api/kill-switch`, acting(body, {}, 'PUT')))).toEqual([status, code]);
  });

  it('an error names the field', async () => {
    const answer = await fetch(`${api.url}/api/runs/run-1/acts`, acting({ kind: 'unfreeze', note: 'x' }));
    expect(((await answer.json()) as ErrorBody).error).toMatchObject({
      field: 'way',
      message: expect.stringContaining('retry, resolved, abandon') as string,
    });
  });

  it.each([
    ['/nowhere', 404, 'no-route'],
    ['/api/nowhere', 404, 'no-route'],
    ['/api/runs/none', 404, 'not-found'],
    ['/api/runs/none/events', 404, 'not-found'],
    ['/api/evidence/none', 404, 'not-found'],
    ['/api/issues/acme/none/1', 404, 'not-found'],
    [`/api/issues/${REPO}/99`, 404, 'not-found'],
    [`/api/issues/${REPO}/-1`, 404, 'not-found'],
    ['/api/runs/%E0%A4%A', 400, 'malformed-path'],
    ['/api/runs?limit=0', 400, 'bad-query'],
    ['/api/runs?limit=1e9', 400, 'bad-query'],
    ['/api/runs?nonsense=1', 400, 'bad-query'],
    ['/api/runs/run-1/events?after=x', 400, 'bad-place'],
  ])('GET %s', async (path, status, code) => {
    expect(await refusal(await fetch(`${api.url}${path}`))).toEqual([status, code]);
  });

  it('an unexpected error says only an id, which the log explains', async () => {
    const broken = await startApiServer({ engine: { recover: () => Promise.reject(new Error('secret detail')) } });
    try {
      const answer = await fetch(`${broken.url}/api/recover`, acting({}));
      const text = await answer.text();
      expect(answer.status).toBe(500);
      expect(text).not.toContain('secret detail');
      const [entry] = broken.log;
      expect(entry).toMatchObject({
        level: 'error',
        path: '/api/recover',
        detail: expect.stringContaining('secret detail') as string,
      });
      expect(text).toContain(String(entry?.['id']));
    } finally {
      await broken.close();
    }
  });
});
