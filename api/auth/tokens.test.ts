/** Tokens for strangers: what each may do, who it is, and that it ends when it is told to. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acting, seedRun, startApiServer, TOKEN, type ApiServer } from '../../test/setup/api-server.ts';
import type { ErrorBody } from '../views/view.ts';
import { ROUTES } from '../routes.ts';
import { SCOPES, type Scope } from '../http/scopes.ts';
import type { TokenView } from '../views/view.ts';

let now = Date.parse('2026-11-30T12:00:00Z');
let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer({ now: () => now });
  await seedRun(api.store, 'run-1');
});
afterAll(() => api.close());

interface Made {
  readonly token: TokenView;
  readonly secret: string;
}

const as = (secret: string): Record<string, string> => ({ authorization: `Bearer ${secret}` });

async function make(body: object, holder = TOKEN): Promise<Made> {
  const answer = await fetch(`${api.url}/api/tokens`, acting(body, as(holder)));
  expect(answer.status).toBe(201);
  return (await answer.json()) as Made;
}

async function revoke(id: string): Promise<void> {
  expect((await fetch(`${api.url}/api/tokens/${id}/revoke`, acting({}))).status).toBe(200);
}

async function list(): Promise<readonly TokenView[]> {
  const answer = await fetch(`${api.url}/api/tokens`, { headers: as(TOKEN) });
  return ((await answer.json()) as { tokens: TokenView[] }).tokens;
}

const read = (secret: string): Promise<Response> => fetch(`${api.url}/api/runs`, { headers: as(secret) });

async function refusal(answer: Response): Promise<readonly [number, ErrorBody['error']]> {
  return [answer.status, ((await answer.json()) as ErrorBody).error];
}

describe('a token', () => {
  it('is shown once, and then known by its name, scopes and times alone', async () => {
    const { token, secret } = await make({ name: 'grafana', days: 30 });
    expect(secret).toMatch(/^lamp_[0-9a-f]{16}_[\w-]{43}$/);
    expect(token).toEqual({
      id: token.id,
      name: 'grafana',
      scopes: ['read'],
      by: 'operator',
      createdAt: now,
      expiresAt: now + 30 * 24 * 3_600_000,
      lastUsedAt: null,
      revokedAt: null,
    });
    const answer = await fetch(`${api.url}/api/tokens`, { headers: as(TOKEN) });
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ tokens: [token] });
    expect(text).not.toContain(secret.slice(-43));
    expect(text).not.toContain('digest');
  });

  it('is nowhere in the data directory, the events and the log, not even when it is sent as a note or with a wrong id', async () => {
    const { secret } = await make({ name: 'leaky', scopes: ['read', 'act'] });
    await fetch(`${api.url}/api/runs/run-1/acts`, acting({ kind: 'steer', note: `use ${secret}` }, as(secret)));
    await read(secret.replace(/_\w{16}_/, '_0123456789abcdef_'));
    const hidden = secret.slice(-43);
    expect((await api.store.acts.list('run-1')).at(-1)?.note).toBe('use [struck out: lamplighter-token]');
    expect(JSON.stringify(await api.store.events.after(0, { limit: 1_000 }))).not.toContain(hidden);
    expect(JSON.stringify(api.log)).not.toContain(hidden);
    const files = readdirSync(api.dataDir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) expect(readFileSync(join(file.parentPath, file.name)).includes(hidden)).toBe(false);
  });

  it.each(['', 'x', 'lamp_', 'lamp_0123456789abcdef_', `lamp_0123456789abcdef_${'A'.repeat(43)}`])(
    'that was never made (%j) opens nothing',
    async (secret) => {
      expect((await fetch(`${api.url}/api/poll`, acting({}, as(secret)))).status).toBe(401);
    },
  );

  it.each([-1, 0, 1])('with another character at its end (%i) or its beginning opens nothing', async (at) => {
    const { secret } = await make({ name: 'odd' });
    const other = secret.at(at) === 'A' ? 'B' : 'A';
    const changed = at === 0 ? other + secret.slice(1) : at < 0 ? secret.slice(0, -1) + other : `${secret}${other}`;
    expect((await read(changed)).status).toBe(401);
    expect((await read(secret)).status).toBe(200);
  });
});

describe('scopes', () => {
  const concrete = (path: string): string =>
    path.replace(':id', 'run-1').replace('*repo', 'acme/shop').replace(':number', '1');
  const without = new Map<Scope, string>();
  beforeAll(async () => {
    for (const scope of SCOPES) {
      const { secret } = await make({ name: `not ${scope}`, scopes: SCOPES.filter((one) => one !== scope) });
      without.set(scope, secret);
    }
  });

  it.each(
    ROUTES.filter((route) => route.scope !== 'open').map((route) => [route.method, route.path, route.scope] as const),
  )('%s %s without the scope %s is a 403 that names it', async (method, path, scope) => {
    const secret = without.get(scope as Scope) ?? '';
    const init = method === 'GET' ? { headers: as(secret) } : acting({}, as(secret), method);
    const [status, error] = await refusal(await fetch(`${api.url}${concrete(path)}`, init));
    expect([status, error.code]).toEqual([403, 'scope-needed']);
    expect(error.message).toContain(`needs the scope ${scope}; the token not ${scope} has `);
    expect(error.remedy).toContain(`--scope ${scope}`);
  });

  it('are not given by whoever has them not', async () => {
    const { secret } = await make({ name: 'clerk', scopes: ['admin'] });
    const [status, error] = await refusal(
      await fetch(`${api.url}/api/tokens`, acting({ name: 'mine', scopes: ['admin', 'operate'] }, as(secret))),
    );
    expect([status, error.code]).toEqual([403, 'scope-needed']);
    await make({ name: 'mine', scopes: ['admin'] }, secret);
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ name: 'Operator' }, 'name'],
    [{ name: 'a\nb' }, 'name'],
    [{ name: 'x', scopes: [] }, 'scopes'],
    [{ name: 'x', scopes: ['root'] }, 'scopes.0'],
    [{ name: 'x', days: 0 }, 'days'],
    [{ name: 'x', secret: 'mine' }, 'secret'],
  ])('and names are checked: %j', async (body, field) => {
    const [status, error] = await refusal(await fetch(`${api.url}/api/tokens`, acting(body)));
    expect([status, error.field]).toEqual([400, field]);
  });
});

describe('who acts', () => {
  it('is the token, whatever name is claimed', async () => {
    const { secret } = await make({ name: 'deploy bot', scopes: ['act'] });
    const claim = { ...as(secret), 'x-lamplighter-actor': 'ada' };
    expect(
      (await fetch(`${api.url}/api/runs/run-1/acts`, acting({ kind: 'steer', note: 'go on' }, claim))).status,
    ).toBe(201);
    expect((await api.store.acts.list('run-1')).at(-1)?.by).toEqual({
      name: 'deploy bot',
      kind: 'token',
      scopes: ['act'],
    });
  });

  it('is who a token with the scope admin says: it could make one of that name', async () => {
    const { secret } = await make({ name: 'cockpit', scopes: ['act', 'admin'] });
    const claim = { ...as(secret), 'x-lamplighter-actor': 'ada' };
    await fetch(`${api.url}/api/runs/run-1/acts`, acting({ kind: 'steer', note: 'go on' }, claim));
    expect((await api.store.acts.list('run-1')).at(-1)?.by.name).toBe('ada');
  });

  it('stands in the audit for each token that is made and revoked', async () => {
    const { token } = await make({ name: 'audited' });
    await revoke(token.id);
    const events = await api.store.events.after(0, { subject: 'system', limit: 1_000 });
    expect(events.filter((event) => (event.data as { id?: string }).id === token.id)).toMatchObject([
      { kind: 'token.created', data: { name: 'audited', by: { name: 'operator', kind: 'token' } } },
      { kind: 'token.revoked', data: { name: 'audited', by: { name: 'operator', kind: 'token' } } },
    ]);
  });
});

describe('the end of a token', () => {
  it('is its revocation: the next request is refused and says so, while another of its name goes on', async () => {
    const old = await make({ name: 'rotated' });
    const fresh = await make({ name: 'rotated' });
    expect((await read(old.secret)).status).toBe(200);
    await revoke(old.token.id);
    const [status, error] = await refusal(await read(old.secret));
    expect([status, error.message]).toEqual([401, `the token rotated (${old.token.id}) was revoked`]);
    expect((await read(fresh.secret)).status).toBe(200);
    await revoke(old.token.id);
    expect((await fetch(`${api.url}/api/tokens/none/revoke`, acting({}))).status).toBe(404);
  });

  it('is the end of its days', async () => {
    const { token, secret } = await make({ name: 'short', days: 1 });
    now += 24 * 3_600_000 - 1;
    expect((await read(secret)).status).toBe(200);
    now += 1;
    const [status, error] = await refusal(await read(secret));
    expect([status, error.message]).toEqual([401, `the token short (${token.id}) has expired`]);
  });

  it.each(['/api/events', '/api/runs/run-1/events'])(
    'ends the stream %s that it holds open, also when another process revokes it; others go on',
    async (path) => {
      const { token, secret } = await make({ name: 'watcher' });
      const open = async (headers: Record<string, string>): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
        const answer = await fetch(`${api.url}${path}`, { headers });
        if (answer.body === null) throw new Error('the stream has no body');
        const reader = answer.body.getReader();
        await reader.read();
        return reader;
      };
      const theirs = await open(as(secret));
      const ours = await open(as(TOKEN));
      const other = await api.openSecondStore();
      await other.tokens.revoke(token.id, { name: 'ada', kind: 'person', scopes: ['admin'] }, now);
      await other.events.append({ at: now, subject: 'run/run-1', kind: 'text.delta', data: { text: 'not for them' } });
      await other.close();
      const rest = await drain(theirs);
      expect(rest).not.toContain('not for them');
      let seen = '';
      while (!seen.includes('not for them')) seen += Buffer.from((await ours.read()).value ?? []).toString();
      await ours.cancel();
      expect((await fetch(`${api.url}${path}`, { headers: as(secret) })).status).toBe(401);
    },
  );

  it('ends a stream when its days are over', async () => {
    const { secret } = await make({ name: 'brief', days: 0.3 / (24 * 3_600) });
    const answer = await fetch(`${api.url}/api/events`, { headers: as(secret) });
    expect(answer.status).toBe(200);
    await answer.text();
  });
});

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += Buffer.from(value).toString();
  }
}

describe('the last use of a token', () => {
  const usedAt = async (id: string): Promise<number | null> =>
    (await list()).find((one) => one.id === id)?.lastUsedAt ?? null;

  it('is written down, at most once a minute', async () => {
    const { token, secret } = await make({ name: 'busy' });
    const first = now;
    await read(secret);
    expect(await usedAt(token.id)).toBe(first);
    now += 59_999;
    await read(secret);
    expect(await usedAt(token.id)).toBe(first);
    now += 1;
    await read(secret);
    expect(await usedAt(token.id)).toBe(now);
  });
});
