import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApiServer, type ApiServer } from '../test/setup/api-server.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function lamplighter(...args: string[]): Promise<Said> {
  return new Promise((resolve) => {
    const argv = [MAIN, ...args];
    execFile(process.execPath, argv, { cwd: tmpdir(), timeout: 25_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
const token = (...args: string[]): Promise<Said> => lamplighter('token', ...args, '--data-dir', api.dataDir);

it('token create prints the token alone, so that it can be put into a file, and list and revoke know it by its id', async () => {
  const made = await token('create', 'ci', '--scope', 'read', '--scope', 'act', '--days', '90', '--as', 'ada');
  expect(made.code).toBe(0);
  expect(made.stdout).toMatch(/^lamp_[0-9a-f]{16}_[\w-]{43}\n$/);
  expect(made.stderr).toMatch(/^ci \([0-9a-f]{16}\) may read, act until \d{4}-\d\d-\d\d\. Keep what follows/);
  expect(made.stderr).not.toContain(made.stdout.trim().slice(-43));

  const listed = await token('list');
  expect(listed.stdout).toMatch(/ID +NAME +SCOPES +MADE +LAST USED +STANDS/);
  expect(listed.stdout).toMatch(/[0-9a-f]{16} +ci +read, act +\S.* by ada +never +good until /);

  const [, id = ''] = made.stdout.split('_');
  const file = join(api.dataDir, 'ci.token');
  writeFileSync(file, made.stdout, { mode: 0o600 });
  expect(await token('list', '--token-file', file)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('needs the scope admin; the token ci has read, act') as string,
  });
  expect((await token('revoke', id)).stdout).toBe(`ci (${id}) is revoked\n`);
  expect((await token('list')).stdout).toMatch(
    /ci +read, act .*\S +(just now|[\d.]+ s ago) +revoked (just now|[\d.]+ s ago)/,
  );
  expect(await lamplighter('runs', '--data-dir', api.dataDir, '--token-file', file)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('was revoked') as string,
  });
});

it.each([
  [['create'], 2],
  [['create', 'x', '--days', 'many'], 2],
  [['create', 'x', '--scope', 'root'], 1],
  [['create', 'operator'], 1],
  [['revoke', 'none'], 1],
])('token %j exits %i', async (args, code) => {
  expect((await token(...args)).code).toBe(code);
});

it('the operator token is not sent to an address that somebody names, as long as it is read', async () => {
  const heard: (string | undefined)[] = [];
  const stranger = createServer((req, res) => {
    heard.push(req.headers.authorization);
    res.writeHead(404).end();
  });
  stranger.listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const { port } = stranger.address() as AddressInfo;
  try {
    const url = `http://127.0.0.1:${port}`;
    expect((await lamplighter('runs', '--data-dir', api.dataDir, '--url', url)).code).toBe(1);
    expect(heard).toEqual([undefined]);
    const file = join(api.dataDir, 'named.token');
    writeFileSync(file, 'named', { mode: 0o600 });
    await lamplighter('runs', '--data-dir', api.dataDir, '--url', url, '--token-file', file);
    expect(heard).toEqual([undefined, 'Bearer named']);
  } finally {
    stranger.close();
  }
});
