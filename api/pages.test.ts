import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acting, FROZEN, seedRun, startApiServer, type ApiServer } from '../test/setup/api-server.ts';
import type { StatusView } from './views/view.ts';
import { runSubject } from '../domain/unit.ts';

let api: ApiServer;
const ids: Record<string, string> = {};
const KINDS = {
  html: ['text/html', '<script>alert(1)</script>'],
  svg: ['image/svg+xml', '<svg onload="alert(1)"/>'],
  json: ['application/json', '{"a":1}'],
  binary: ['application/zip', 'PK\u0003\u0004'],
  odd: ['nonsense\r\nX-Evil: 1', 'x'],
} as const;

beforeAll(async () => {
  api = await startApiServer();
  await seedRun(api.store, 'run-1', [FROZEN]);
  for (const [name, [mediaType, body]] of Object.entries(KINDS)) {
    const row = await api.store.evidence.put({
      key: name,
      unit: runSubject('run-1'),
      kind: 'tool-output',
      sha: null,
      verdict: null,
      summary: name,
      mediaType,
      body,
      at: 1,
    });
    ids[name] = row.id;
  }
});
afterAll(() => api.close());

describe('evidence', () => {
  it.each([
    ['html', 'text/plain; charset=utf-8', null],
    ['svg', 'text/plain; charset=utf-8', null],
    ['json', 'application/json; charset=utf-8', null],
    ['binary', 'application/octet-stream', 'attachment'],
    ['odd', 'application/octet-stream', 'attachment'],
  ] as const)('%s never comes as a page of ours', async (name, type, disposition) => {
    const answer = await fetch(`${api.url}/api/evidence/${ids[name]}`);
    expect(answer.headers.get('content-type')).toBe(type);
    expect(answer.headers.get('content-disposition')?.split(';')[0] ?? null).toBe(disposition);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain('sandbox');
    expect(await answer.text()).toBe(KINDS[name][1]);
  });

  it('is shown as text on its page', async () => {
    const page = await (await fetch(`${api.url}/evidence/${ids['html']}`)).text();
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(await (await fetch(`${api.url}/evidence/${ids['binary']}`)).text()).not.toContain('PK');
  });
});

describe('pages', () => {
  it.each(['/', '/runs/run-1'])('%s is whole and runs nothing but our own files', async (path) => {
    const answer = await fetch(`${api.url}${path}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.headers.get('content-security-policy')).toContain(
      "default-src 'none'; style-src 'self'; script-src 'self'",
    );
    const page = await answer.text();
    expect(page).toContain('Round &lt;b&gt;prices&lt;/b&gt;');
    for (const [, asset] of page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
      expect((await fetch(`${api.url}${asset}`)).status).toBe(200);
    }
  });

  it('its stream begins where the page ends', async () => {
    const page = await (await fetch(`${api.url}/runs/run-1`)).text();
    const place = Number(
      /data-events="\/api\/runs\/run-1\/events\?changes(?:&|&amp;)after=(\d+)(?:&|&amp;)seen=[0-9a-f]{16}"/.exec(
        page,
      )?.[1],
    );
    expect(place).toBe(await api.store.events.last());
  });

  it('a person’s browser gets errors as a page, a program as JSON', async () => {
    const page = await fetch(`${api.url}/runs/none`, { headers: { accept: 'text/html,*/*' } });
    expect([page.status, await page.text()]).toEqual([404, expect.stringContaining('<h1>Not found</h1>')]);
    const json = await fetch(`${api.url}/runs/none`, { headers: { accept: '*/*' } });
    expect(json.headers.get('content-type')).toContain('application/json');
  });

  it('the modules that a page draws itself with are scripts without types', async () => {
    const answer = await fetch(`${api.url}/assets/stages.ts`);
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await answer.text()).not.toMatch(/import type|: RunView/);
  });

  it('only our assets are served from the folder of the pages', async () => {
    for (const path of [
      '/assets/pages.test.ts',
      '/assets/none.ts',
      '/assets/../package.json',
      '/assets/%2e%2e/package.json',
      '/ui/html.ts',
    ]) {
      expect((await fetch(`${api.url}${path}`)).status).toBe(404);
    }
  });
});

describe('status', () => {
  it('says what is armed, and no secret of the configuration', async () => {
    const text = await (await fetch(`${api.url}/api/status`)).text();
    expect(JSON.parse(text) as StatusView).toMatchObject({
      ok: true,
      version: '0.0.0',
      allow: ['acme/shop'],
      killSwitch: { on: true },
      repos: [{ name: 'acme/shop', allowed: true }],
      openRuns: [{ id: 'run-1', group: 'needs-you' }],
    });
    expect(text).not.toContain('sk-never-shown');
  });

  it('the kill switch is on until somebody turns it off (invariant 8)', async () => {
    const read = async (): Promise<unknown> => (await fetch(`${api.url}/api/kill-switch`)).json();
    expect(await read()).toMatchObject({ killSwitch: { on: true } });
    await fetch(`${api.url}/api/kill-switch`, acting({ on: false, note: 'armed' }, {}, 'PUT'));
    expect(await read()).toMatchObject({ killSwitch: { on: false, note: 'armed', by: 'operator' } });
  });

  it('queue, escalations and issues answer as lists', async () => {
    expect(await (await fetch(`${api.url}/api/queue`)).json()).toEqual({ queue: [] });
    expect(await (await fetch(`${api.url}/api/escalations?undelivered`)).json()).toEqual({ escalations: [] });
    expect(await (await fetch(`${api.url}/api/issues?repo=shop-1`)).json()).toEqual({
      issues: [],
      unreadable: [expect.stringContaining('there is no such folder')],
    });
  });
});
