import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Service } from '../../domain/contract.ts';
import { createBwrapSandbox } from './bwrap.ts';
import { createEnvironment, DEFAULT_LIMITS } from './environment.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-environment-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function declare(...names: readonly string[]): Parameters<typeof createEnvironment>[0]['toolchains'] {
  return Object.fromEntries(
    names.map((name) => [
      name,
      { bind: [join(dir, name)], path: [join(dir, name, 'bin')], env: { [`${name.toUpperCase()}_HOME`]: name } },
    ]),
  );
}

test("declared toolchains are bound read-only and put in front of PATH, and the contract's hosts are passed on", () => {
  for (const name of ['node', 'go']) mkdirSync(join(dir, name));
  const environment = createEnvironment({ toolchains: declare('node', 'go'), cachesDir: join(dir, 'caches') });
  const given = environment.forContract({
    toolchain: ['node', 'go'],
    network: ['registry.example'],
    services: [],
    secrets: [],
  });
  expect(given.binds).toEqual([
    { from: join(dir, 'node'), mode: 'ro' },
    { from: join(dir, 'go'), mode: 'ro' },
    { from: join(dir, 'caches'), to: '/caches', mode: 'rw' },
  ]);
  expect(given.path).toEqual([join(dir, 'node/bin'), join(dir, 'go/bin')]);
  expect(given.env).toMatchObject({ NODE_HOME: 'node', GO_HOME: 'go' });
  expect(given.hosts).toEqual(['registry.example']);
});

test('an unknown toolchain is an error that names the known ones', () => {
  const environment = createEnvironment({ toolchains: declare('node', 'go'), cachesDir: join(dir, 'caches') });
  expect(() => environment.forContract({ toolchain: ['toString'], network: [], services: [], secrets: [] })).toThrow(
    '"toString", which the operator has not declared (declared: go, node)',
  );
});

test('a toolchain whose folder is not on this machine is an error that names the folder', () => {
  const environment = createEnvironment({ toolchains: declare('node'), cachesDir: join(dir, 'caches') });
  expect(() => environment.forContract({ toolchain: ['node'], network: [], services: [], secrets: [] })).toThrow(
    `"node" binds ${join(dir, 'node')}, which is not on this machine`,
  );
});

test('a service comes with its address under its variable; one that is not on this machine is an error that names the package', () => {
  const bin = join(dir, 'usr/lib/postgresql/14/bin');
  mkdirSync(bin, { recursive: true });
  for (const program of ['postgres', 'initdb', 'pg_isready']) writeFileSync(join(bin, program), '');
  const environment = createEnvironment({
    toolchains: {},
    cachesDir: join(dir, 'caches'),
    serviceRoot: join(dir, 'usr'),
  });
  const given = (...services: readonly Service[]) =>
    environment.forContract({ toolchain: [], network: [], services, secrets: [] });
  const postgres = { kind: 'postgres', version: null, port: 5432, env: 'PG', database: 'shop' } as const;
  expect(given(postgres)).toMatchObject({
    env: { PG: 'postgres://postgres@127.0.0.1:5432/shop' },
    services: [{ kind: 'postgres', version: 14, bin, port: 5432, database: 'shop' }],
  });
  expect(() => given({ ...postgres, version: 15 })).toThrow(
    /postgres 15, which is not on this machine \(there is: 14\): apt-get install postgresql-15/,
  );
  expect(() => given({ kind: 'redis', port: 6379, env: 'REDIS_URL' })).toThrow('apt-get install redis-server');
});

test('a secret is given under the name that the contract says: to gates, to sessions where the operator says so, never to a build', () => {
  const testEnv = {
    PAY_KEY: { value: 'pay', session: false },
    MAP_KEY: { value: 'map', session: true },
    OTHER: { value: 'other', session: true },
  };
  const given = (audience: 'gates' | 'session' | 'build', ...secrets: readonly string[]) =>
    createEnvironment({ toolchains: {}, cachesDir: join(dir, 'caches'), secrets: { testEnv, audience } }).forContract({
      toolchain: [],
      network: [],
      services: [],
      secrets,
    });
  expect(given('gates', 'PAY_KEY', 'MAP_KEY').secrets).toEqual({ PAY_KEY: 'pay', MAP_KEY: 'map' });
  expect(given('session', 'PAY_KEY', 'MAP_KEY').secrets).toEqual({ MAP_KEY: 'map' });
  expect(given('build', 'PAY_KEY', 'MAP_KEY').secrets).toEqual({});
  expect(given('gates').secrets).toEqual({});
  expect(given('gates', 'PAY_KEY').env).not.toHaveProperty('PAY_KEY');
  const fishing = (): unknown => given('gates', 'AWS_SECRET');
  expect(fishing).toThrow(
    'the secret "AWS_SECRET", which the operator has not declared for this repo: add it under testEnv',
  );
  // What else there is to be had is not told.
  expect(fishing).not.toThrow(/PAY_KEY/);
});

test('dependency caches outlive the sandbox they were filled in', async () => {
  const environment = createEnvironment({ toolchains: {}, cachesDir: join(dir, 'caches') }).forContract({
    toolchain: [],
    network: [],
    services: [],
    secrets: [],
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
