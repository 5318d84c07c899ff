import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApiServer, type ApiServer } from '../test/setup/api-server.ts';
import { runSubject, issueBudget } from '../domain/unit.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** No window ends while a test runs. */
const NOON = Date.parse('2026-11-23T12:00:00Z');

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer({ now: () => NOON });
  await api.store.ledger.reserve({
    key: 'k',
    unit: runSubject('r'),
    repo: 'shop-1',
    microUsd: 25_000_000,
    budget: { name: issueBudget('shop-1', 1), microUsd: 25_000_000 },
    caps: [],
    at: NOON,
  });
});
afterAll(() => api.close());

function caps(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const argv = [MAIN, 'caps', ...args, '--data-dir', api.dataDir];
    execFile(process.execPath, argv, { cwd: tmpdir(), timeout: 25_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

it('caps shows each one with what is spent and left, and which holds', async () => {
  const { code, stdout } = await caps();
  expect(code).toBe(0);
  expect(stdout).toMatch(/day, all repos +\$50\.00 +\$25\.00 +\$25\.00 +2026-11-24 00:00 UTC/);
  expect(stdout).toMatch(/month, all repos +\$500\.00 +\$25\.00 +\$475\.00/);
  expect(stdout).toMatch(/day, acme\/shop +\$25\.00 +\$25\.00 +\$0\.00, reached: holds/);
  expect(JSON.parse((await caps('--json')).stdout)).toMatchObject({
    caps: [{ window: 'day', repo: null }, {}, {}, {}],
  });
});

it('caps raise adds to one of them, with a name and a note, and says what is left', async () => {
  const raised = await caps('raise', 'day', '--repo', 'acme/shop', '--usd', '7.5', '--note', 'today', '--as', 'ada');
  expect(raised).toMatchObject({ code: 0 });
  expect(raised.stdout).toMatch(/day, acme\/shop is \$32\.50 until .* UTC, \$7\.50 left/);
  const { stdout } = await caps('show');
  expect(stdout).toMatch(/day, acme\/shop +\$32\.50 \(\$7\.50 of it raised\) +\$25\.00 +\$7\.50 /);
  expect(stdout).toMatch(/day, acme\/shop: \$7\.50 added by ada, .*: today/);
});

it.each([
  [['raise', 'year', '--usd', '1', '--note', 'n'], 2],
  [['raise', 'day', '--usd', 'much', '--note', 'n'], 2],
  [['raise', 'day', '--usd', '-1', '--note', 'n'], 2],
  [['raise', 'day', '--usd', '1'], 2],
  [['raise', 'day', '--usd', '1', '--note', 'n', '--repo', 'acme/none'], 1],
])('caps %j exits %i', async (args, code) => {
  expect((await caps(...args)).code).toBe(code);
});
