/** What nobody sends by accident: random bodies, tricks with paths and encodings, acts at once. Never a 500, never a second act. */
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acting, FROZEN, seedRun, startApiServer, TOKEN, type ApiServer } from '../../test/setup/api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  await seedRun(api.store, 'run-1', [FROZEN]);
});
afterAll(() => api.close());

/** Reproducible: a failure names its seed. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const KEYS = [
  'id',
  'kind',
  'way',
  'reverted',
  'note',
  'on',
  'repo',
  'title',
  'body',
  'labels',
  '__proto__',
  'constructor',
];
const WORDS = [
  '',
  ' ',
  'unfreeze',
  'cancel',
  'escalate',
  'retry',
  'acme/shop',
  'true',
  '../../x',
  '\0',
  '\u001b[31m',
  '\ud800',
  '<script>',
  "' OR 1=1 --",
  'x'.repeat(5_000),
  '🂡',
];

function randomValue(random: (below: number) => number, depth = 0): unknown {
  switch (random(depth > 3 ? 5 : 8)) {
    case 0:
      return null;
    case 1:
      return random(2) === 0;
    case 2:
      return [0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER, 3][random(6)];
    case 3:
    case 4:
      return WORDS[random(WORDS.length)];
    case 5:
      return Array.from({ length: random(4) }, () => randomValue(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random(6) }, () => [KEYS[random(KEYS.length)], randomValue(random, depth + 1)]),
      );
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function raw(
  path: string,
  method: string,
  headers: Record<string, string>,
  body: string | Uint8Array = '',
): Promise<Answer> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const req = request({ hostname, port, path, method, headers: { host: `127.0.0.1:${port}`, ...headers } }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body: text }));
    });
    req.on('error', reject).end(body);
  });
}

const AUTHORISED = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };

describe('random bodies', () => {
  it.each([
    ['POST', '/api/runs/run-1/acts'],
    ['PUT', '/api/kill-switch'],
    ['POST', '/api/caps/raises'],
    ['POST', '/api/issues'],
    ['POST', '/api/poll'],
  ])(
    '%s %s answers each of 500 with less than 500, and the log stays empty',
    { timeout: 60_000 },
    async (method, path) => {
      const seed = Date.now();
      const random = createRandom(seed);
      const before = api.log.length;
      for (let round = 0; round < 500; round += 1) {
        const body = JSON.stringify(randomValue(random)) ?? '';
        const answer = await raw(path, method, AUTHORISED, body);
        expect(
          answer.status,
          `seed ${seed}, round ${round}: ${body.slice(0, 300)} → ${answer.body.slice(0, 300)}`,
        ).toBeLessThan(500);
      }
      expect(api.log.slice(before)).toEqual([]);
      expect(({} as Record<string, unknown>)['kind']).toBeUndefined();
    },
  );

  it.each<readonly [string, string, Uint8Array]>([
    ['a bomb', 'gzip', gzipSync(Buffer.alloc(50_000_000, 32))],
    ['no gzip at all', 'gzip', Buffer.from('plain')],
    ['half a gzip', 'gzip', gzipSync('{"on":true,"note":"x"}').subarray(0, 15)],
    ['an unknown encoding', 'lzma', Buffer.from('{}')],
  ])('%s as a body is refused as the sender’s fault', async (_name, encoding, body) => {
    const answer = await raw('/api/kill-switch', 'PUT', { ...AUTHORISED, 'content-encoding': encoding }, body);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status, answer.body).toBeLessThan(500);
  });

  it.each(['utf-16', 'utf-7', 'nonsense', 'utf-8'])('bytes in the charset %s are no fault of ours', async (charset) => {
    const type = `application/json; charset=${charset}`;
    const answer = await raw(
      '/api/poll',
      'POST',
      { ...AUTHORISED, 'content-type': type },
      Buffer.from([0xff, 0xfe, 0x7b]),
    );
    expect(answer.status, answer.body).toBeLessThan(500);
  });
});

describe('paths and queries', () => {
  it.each([
    '/api/evidence/..%2f..%2fetc%2fpasswd',
    '/api/evidence/%2e%2e%2f%2e%2e%2foperator.token',
    '/api/evidence/../../operator.token',
    '/evidence/..%2foperator.token',
    '/assets/../ui/html.ts',
    '/assets/..%2fhtml.ts',
    '/assets/%2e%2e/package.json',
    '/api/issues/..%2f..%2fx/1',
    '/api/issues/acme/shop/..%2f1',
    '/api/runs/%00',
    '/api/runs/run-1%00/events',
    "/api/runs/'%20OR%201=1--",
    '/runs/<script>',
    '/api/runs?repo[]=a&repo[__proto__]=b',
    '/api/runs?id=%25&limit=5',
    '/api/runs?open=1&open=0',
    '/api/runs/run-1/transcript?from=-1',
    `/api/runs/${'x'.repeat(8_000)}`,
    '/%',
    '//evil.example/%2e%2e',
  ])('GET %s gives nothing away and is no fault of ours', async (path) => {
    const answer = await raw(path, 'GET', { accept: 'text/html' });
    expect(answer.status, answer.body.slice(0, 300)).toBeLessThan(500);
    expect(answer.body).not.toContain(TOKEN);
    expect(answer.body).not.toContain('root:x:0');
    if (!path.startsWith('/api/')) expect(answer.body).not.toContain('<script>');
  });

  it.each(['-1', '1e3', '0x10', '9'.repeat(15), '9'.repeat(400), ' 1', '1,2', 'NaN'])(
    'Last-Event-ID %s is a place, or refused',
    async (place) => {
      const answer = await fetch(`${api.url}/api/runs/run-1/events`, { headers: { 'last-event-id': place } });
      expect([200, 400]).toContain(answer.status);
      await answer.body?.cancel();
    },
  );

  it.each(['OPTIONS', 'TRACE', 'DELETE', 'PATCH', 'PROPFIND'])('%s without a token does nothing', async (method) => {
    expect((await raw('/api/kill-switch', method, {})).status).toBe(401);
  });
});

describe('acts at once', () => {
  it('twenty requests under one id are one act, and each is told of it (invariant 2)', async () => {
    await api.restart();
    const body = { id: 'race-1', kind: 'unfreeze', way: 'retry', note: 'again' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fetch(`${api.url}/api/runs/run-1/acts`, acting(body))),
    );
    expect(answers.every((answer) => answer.ok)).toBe(true);
    expect((await api.store.acts.list('run-1')).filter((act) => act.id === 'race-1')).toHaveLength(1);
  });

  it('one id for two different acts at once is one act and one refusal', async () => {
    const ways = ['retry', 'abandon'].map((way) => ({ id: 'race-2', kind: 'unfreeze', way, note: 'mine' }));
    const answers = await Promise.all(ways.map((body) => fetch(`${api.url}/api/runs/run-1/acts`, acting(body))));
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([201, 409]);
    expect((await api.store.acts.list('run-1')).filter((act) => act.id === 'race-2')).toHaveLength(1);
  });
});
