/** What people read in lists and on pages: words of people, addresses that lead somewhere, no inner ids and no source files. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import { FRESH } from '../../domain/stage.ts';
import { REPO, seedRun, startApiServer, type ApiServer } from '../../test/setup/api-server.ts';

const NOTE = 'wait for <b>the freeze</b> to be over';
const TEMPORAL = 'http://127.0.0.1:8233/namespaces/lamplighter/workflows?query=runs';
let api: ApiServer;

beforeAll(async () => {
  api = await startApiServer({ engine: { runsUrl: TEMPORAL } });
  const by = { name: 'root', kind: 'person', scopes: [] } as const;
  await seedRun(api.store, 'paused-1');
  const act = await api.store.acts.add({
    id: 'act-104d',
    run: 'paused-1',
    data: { kind: 'pause' },
    by,
    note: NOTE,
    at: 1,
  });
  const pause = { by: 'root', note: `act ${act?.id}`, since: 1 };
  const state = { stage: 'triage', progress: { ...FRESH.progress, pause } } as const;
  await api.store.runs.transition('paused-1', { seq: 1, state, effects: [], cause: 'pause', at: 1 });
});
afterAll(() => api.close());

async function page(path: string): Promise<{ readonly status: number; readonly html: string; readonly text: string }> {
  const answer = await fetch(`${api.url}${path}`, { headers: { accept: 'text/html' } });
  const html = await answer.text();
  return { status: answer.status, html, text: html.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ') };
}

describe("a person's words", () => {
  it.each(['/api/runs', '/api/runs?open', '/api/runs/paused-1', '/api/status', '/', '/runs/paused-1'])(
    'stand in %s where the state names their act',
    async (path) => {
      const body = await (
        await fetch(`${api.url}${path}`, { headers: { accept: 'text/html,application/json' } })
      ).text();
      const shown = path.startsWith('/api') ? NOTE : NOTE.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
      expect(body).toContain(`paused by root: ${shown}`);
      expect(body).not.toContain('paused by root: act act-104d');
    },
  );
});

describe('a list of the runs of one repo', () => {
  async function list(repo: string): Promise<{ readonly status: number; readonly body: object }> {
    const answer = await fetch(`${api.url}/api/runs?repo=${encodeURIComponent(repo)}`);
    return { status: answer.status, body: (await answer.json()) as object };
  }

  it('is asked for by name or by key', async () => {
    for (const repo of [REPO, 'shop-1'])
      expect(await list(repo)).toMatchObject({ status: 200, body: { runs: [{ id: 'paused-1' }] } });
  });

  it('of a misspelt name says which there are, and is not empty', async () => {
    expect(await list('acme/shpo')).toMatchObject({
      status: 404,
      body: { error: { message: 'there is no repo "acme/shpo"', remedy: 'enrolled: acme/shop' } },
    });
  });

  it('of a repo that is enrolled no more is still there', async () => {
    await api.store.runs.create({
      id: 'old-1',
      repo: 'old-1a2b',
      repoName: 'acme/old',
      issue: 1,
      title: 'Old',
      release: 'release-old',
      bounds: DEFAULT_BOUNDS,
      at: 1,
    });
    expect(await list('old-1a2b')).toMatchObject({ status: 200, body: { runs: [{ id: 'old-1' }] } });
  });
});

describe('the home page', () => {
  it('links issues, caps, the kill switch and the runs in Temporal Web', async () => {
    const { html } = await page('/');
    for (const href of ['/issues', '/caps', '#kill-switch', TEMPORAL]) expect(html).toContain(`href="${href}"`);
    expect(html).toContain('id="kill-switch"');
  });

  it('says how the kill switch stands, and the command that turns it', async () => {
    const { text } = await page('/');
    expect(text).toContain('Kill switch on');
    expect(text).toContain(`lamplighter kill-switch off --note &quot;why&quot; --data-dir ${api.dataDir}`);
  });

  it('leads to pages that are there', async () => {
    expect(await page('/issues')).toMatchObject({ status: 200, text: expect.stringContaining('Open issues') });
    const caps = await page('/caps');
    expect(caps.status).toBe(200);
    expect(caps.text).toContain('All repos, this day');
    expect(caps.text).toContain(`${REPO}, this month`);
    expect(caps.text).toContain('lamplighter caps raise day');
  });
});

it.each(['text/html', 'application/json'])(
  'an address that leads nowhere names no source file (%s)',
  async (accept) => {
    const answer = await fetch(`${api.url}/nowhere`, { headers: { accept } });
    const body = await answer.text();
    expect(answer.status).toBe(404);
    expect(body).not.toMatch(/\.ts\b/);
    expect(body).toContain('pages begin at /');
  },
);
