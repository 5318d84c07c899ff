import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBwrapSandbox } from './bwrap.ts';
import { createEnvironment, DEFAULT_LIMITS } from './environment.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-environment-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const toolchains = {
  node: { bind: ['/opt/node'], path: ['/opt/node/bin'], env: { NODE_ENV: 'test' } },
  go: { bind: ['/opt/go'], path: ['/opt/go/bin'], env: { GOFLAGS: '-mod=mod' } },
};

test("declared toolchains are bound read-only and put in front of PATH, and the contract's hosts are passed on", () => {
  const environment = createEnvironment({ toolchains, cachesDir: join(dir, 'caches') });
  const given = environment.forContract({ toolchain: ['node', 'go'], network: ['registry.example'] });
  expect(given.binds).toEqual([
    { from: '/opt/node', mode: 'ro' },
    { from: '/opt/go', mode: 'ro' },
    { from: join(dir, 'caches'), to: '/caches', mode: 'rw' },
  ]);
  expect(given.path).toEqual(['/opt/node/bin', '/opt/go/bin']);
  expect(given.env).toMatchObject({ NODE_ENV: 'test', GOFLAGS: '-mod=mod' });
  expect(given.hosts).toEqual(['registry.example']);
});

test('an unknown toolchain is an error that names the known ones', () => {
  const environment = createEnvironment({ toolchains, cachesDir: join(dir, 'caches') });
  expect(() => environment.forContract({ toolchain: ['toString'], network: [] })).toThrow(
    '"toString", which the operator has not declared (declared: go, node)',
  );
});

test('dependency caches outlive the sandbox they were filled in', async () => {
  const environment = createEnvironment({ toolchains: {}, cachesDir: join(dir, 'caches') }).forContract({
    toolchain: [],
    network: [],
  });
  const sandbox = createBwrapSandbox({ proxySocketDir: join(dir, 'run') });
  const command = { ...environment, cwd: '/', limits: DEFAULT_LIMITS, keepBytes: 10_000 };
  const script =
    'for d in $npm_config_cache $npm_config_store_dir $PIP_CACHE_DIR $GOMODCACHE $GOCACHE $CARGO_HOME; do echo kept > $d/x || exit 1; done';
  expect(await sandbox.run({ ...command, argv: ['/bin/sh', '-c', script] })).toMatchObject({ code: 0, stderr: '' });
  const again = await sandbox.run({ ...command, argv: ['/bin/sh', '-c', 'cat /caches/*/x | sort | uniq -c'] });
  expect(again.stdout.trim()).toBe('6 kept');
  expect(readdirSync(join(dir, 'caches', 'cargo'))).toEqual(['x']);
});
