/** The document at /openapi.json is valid, has every route in it, and says of answers just what goes out. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { acting, FROZEN, REPO, seedRun, startApiServer, TOKEN, type ApiServer } from '../../test/setup/api-server.ts';
import type { Store } from '../../store/port.ts';
import { ROUTES } from '../routes.ts';

const LEAK = 'a column that nobody shows';

/** Every row with one column more than it has, however deep; what the model said and what a person asked for stay as they are. */
function withColumn(value: unknown, key = ''): unknown {
  if (key === 'content' || key === 'data') return value;
  if (Array.isArray(value)) return value.map((one) => withColumn(one));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return {
    ...Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withColumn(one, name)])),
    leak: LEAK,
  };
}

function leaky(store: Store): Store {
  const parts = Object.entries(store).map(([name, part]) => {
    if (typeof part !== 'object') return [name, part] as const;
    const methods = Object.entries(part as Record<string, (...args: unknown[]) => Promise<unknown>>);
    return [
      name,
      Object.fromEntries(
        methods.map(([method, call]) => [method, async (...args: unknown[]) => withColumn(await call(...args))]),
      ),
    ] as const;
  });
  return Object.fromEntries(parts) as unknown as Store;
}

const document = z.object({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        'x-scope': z.string(),
        responses: z.record(z.string(), z.object({ content: z.record(z.string(), z.unknown()) })),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

let api: ApiServer;
let given: unknown;
beforeAll(async () => {
  api = await startApiServer({ seenAs: leaky });
  await seedRun(api.store, 'run-1', [FROZEN]);
  await api.store.sessions.open({ id: 's-1', unit: 'run/run-1', system: LEAK, at: 1 });
  await api.store.sessions.addInput('s-1', 'brief', 'do it', 1);
  await api.store.evidence.put({
    key: 'e',
    unit: 'run/run-1',
    kind: 'health',
    sha: null,
    verdict: 'red',
    summary: 'red',
    mediaType: 'text/plain',
    body: 'no',
    at: 1,
  });
  await api.store.escalations.raise({
    key: 'c',
    run: 'run-1',
    repo: 'shop-1',
    severity: 'high',
    topic: 'frozen',
    decision: 'look',
    at: 1,
  });
  await fetch(`${api.url}/api/issues`, acting({ repo: REPO, title: 'Count', labels: ['ready-for-agent'] }));
  await fetch(`${api.url}/api/runs/run-1/acts`, acting({ kind: 'unfreeze', way: 'retry', note: 'again' }));
  given = await (await fetch(`${api.url}/openapi.json`)).json();
});
afterAll(() => api.close());

describe('the document', () => {
  it('is OpenAPI, says a validator that is not ours', async () => {
    const result = await new Validator().validate(given as Record<string, unknown>);
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
  });

  it('has every route with its scope, and the refusals that it can answer with', () => {
    const { paths } = document.parse(given);
    const told = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => `${method.toUpperCase()} ${path} ${one['x-scope']}`),
    );
    const rows = ROUTES.map(({ method, path, scope }) => `${method} ${path.replace(/[:*](\w+)/g, '{$1}')} ${scope}`);
    expect(told.toSorted()).toEqual(rows.toSorted());
    const acts = paths['/api/runs/{id}/acts']?.['post'];
    expect(Object.keys(acts?.responses ?? {})).toEqual([
      '200',
      '201',
      '400',
      '401',
      '403',
      '404',
      '409',
      '413',
      '415',
      '421',
      '500',
      '507',
    ]);
  });

  it('names each operation once, and refers to shapes by their names', () => {
    const { paths, components } = document.parse(given);
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map((one) => one.operationId));
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(components.schemas)).toEqual(
      expect.arrayContaining(['Run', 'RunSummary', 'RunState', 'Act', 'Evidence', 'Issue', 'Status', 'Token', 'Error']),
    );
  });
});

describe('an answer', () => {
  const concrete = (path: string): string =>
    path.replace(':id', 'run-1').replace('*repo', REPO).replace(':number', '1');
  const read = ROUTES.filter((route) => route.method === 'GET' && route.answers === 'json').map((route) => route.path);

  it.each(read)('of GET %s has what its schema says, and no other column of any row', async (path) => {
    const answer = await fetch(`${api.url}${concrete(path)}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const text = await answer.text();
    expect([path, answer.status]).toEqual([path, 200]);
    expect(text).not.toContain(LEAK);
    expect(text.length).toBeGreaterThan(9);
  });

  it.each([
    ['PUT', '/api/kill-switch', { on: true, note: 'n' }],
    ['POST', '/api/caps/raises', { window: 'day', usd: 1, note: 'n' }],
    ['POST', '/api/tokens', { name: 'ci' }],
    ['POST', '/api/runs/run-1/acts', { kind: 'unfreeze', way: 'abandon', note: 'n' }],
    ['POST', `/api/issues/${REPO}/1/labels`, { label: 'x' }],
  ])('of %s %s neither', async (method, path, body) => {
    const answer = await fetch(`${api.url}${path}`, acting(body, {}, method));
    const text = await answer.text();
    expect(answer.status, text).toBeLessThan(300);
    expect(text).not.toContain(LEAK);
  });

  it.each(['/api/events', '/api/runs/run-1/events'])('that begins the stream %s neither', async (path) => {
    const answer = await fetch(`${api.url}${path}`);
    const reader = answer.body?.getReader();
    let text = '';
    while (!text.includes('\n\n', text.indexOf('event: snapshot')))
      text += Buffer.from((await reader?.read())?.value ?? []).toString();
    await reader?.cancel();
    expect(text).toContain('event: snapshot');
    expect(text).not.toContain(LEAK);
  });
});
