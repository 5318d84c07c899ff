/** Servers inside the sandbox: real PostgreSQL, real Redis, as a contract asks for them. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Service } from '../../domain/contract.ts';
import { has } from '../../test/setup/needs.ts';
import { processesNaming } from '../../test/setup/processes.ts';
import { createBwrapSandbox } from './bwrap.ts';
import { createEnvironment, DEFAULT_LIMITS } from './environment.ts';
import type { CommandResult, SandboxCommand } from './port.ts';

const root = mkdtempSync(join(tmpdir(), 'lamplighter-services-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

// One for all tests, so that the cluster is made once.
const proxySocketDir = join(root, 'run');
let work: string;
beforeEach(() => {
  work = mkdtempSync(join(root, 'work-'));
});

/** Ports are unusual, so that a server of ours is known by its command line. */
const POSTGRES: Service = { kind: 'postgres', version: null, port: 45_432, env: 'DATABASE_URL', database: 'app' };
const REDIS: Service = { kind: 'redis', port: 46_379, env: 'REDIS_URL' };

function commandOf(script: string, services: readonly Service[], more: Partial<SandboxCommand> = {}): SandboxCommand {
  const environment = createEnvironment({ toolchains: {}, cachesDir: join(root, 'caches') });
  const given = environment.forContract({ toolchain: [], network: [], services, secrets: [] });
  return {
    ...given,
    argv: ['/bin/sh', '-c', script],
    cwd: work,
    binds: [{ from: work, mode: 'rw' }],
    keepBytes: 65_536,
    limits: { ...DEFAULT_LIMITS, wallMs: 20_000 },
    ...more,
  };
}

async function run(
  script: string,
  services: readonly Service[],
  more: Partial<SandboxCommand> = {},
): Promise<CommandResult> {
  return await createBwrapSandbox({ proxySocketDir }).run(commandOf(script, services, more));
}

const gone = (service: Service): Promise<void> =>
  expect.poll(() => processesNaming(String(service.port)), { timeout: 10_000 }).toEqual([]);

describe.skipIf(!has('bwrap') || !has('postgres'))('postgres in the sandbox', () => {
  const sql = (text: string): string => `psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -qAtc "${text}"`;

  test('answers at the address in its variable, with the database, before the command begins', async () => {
    const asked = "SELECT current_database(), current_user, current_setting('server_encoding'), inet_server_addr()";
    expect(await run(sql(asked), [POSTGRES])).toMatchObject({
      end: 'exited',
      code: 0,
      stdout: 'app|postgres|UTF8|127.0.0.1\n',
      stderr: '',
    });
  });

  test('is empty for each command, and gone after it', async () => {
    expect(await run(sql('CREATE TABLE kept (id int)'), [POSTGRES])).toMatchObject({ code: 0 });
    await gone(POSTGRES);
    expect(await run(sql("SELECT to_regclass('kept') IS NULL"), [POSTGRES])).toMatchObject({ stdout: 't\n' });
  });

  test('its cluster is made once, whoever asks first', async () => {
    const fresh = join(work, 'fresh');
    const one = (): Promise<CommandResult> =>
      createBwrapSandbox({ proxySocketDir: fresh }).run(commandOf(sql('SELECT 1'), [POSTGRES]));
    const both = await Promise.all([one(), one()]);
    expect(both.map(({ stdout }) => stdout)).toEqual(['1\n', '1\n']);
    expect(readdirSync(join(fresh, 'services'))).toHaveLength(1);
  });

  test('what it logged stands behind the output of a command that fails, and of no other', async () => {
    const failed = await run(`echo before >&2; ${sql('SELECT nonsense')} 2>/dev/null; exit 7`, [POSTGRES]);
    expect(failed.code).toBe(7);
    expect(failed.stderr).toMatch(
      /^before\n--- the service postgres on port 45432 logged\nERROR: {2}column "nonsense" does not exist/,
    );
    expect(failed.stderr).not.toContain('listening');
    expect((await run(`${sql('SELECT nonsense')} 2>/dev/null; true`, [POSTGRES])).stderr).toBe('');
    expect((await run('exit 1', [POSTGRES])).stderr).toBe('');
  });

  test('that ends before the command is told of', async () => {
    const failed = await run(
      'pid=$(head -n 1 /run/services/postgres-45432/data/postmaster.pid); kill -QUIT $pid; while kill -0 $pid 2>/dev/null; do :; done; exit 1',
      [POSTGRES],
    );
    expect(failed.stderr).toContain('--- the service postgres on port 45432 ended before the command');
  });

  test('outlives a signal that a runner sends to its whole group, and the exit code is still the command’s', async () => {
    const result = await run(`trap : TERM; kill -TERM 0; ${sql('SELECT 1')}; exit 3`, [POSTGRES]);
    expect(result).toMatchObject({ code: 3, stdout: '1\n' });
    expect(await run('kill -9 $$', [POSTGRES])).toMatchObject({ end: 'exited', code: 137 });
  });

  test('knows none of the variables of the command', async () => {
    const environ =
      "tr '\\0' '\\n' < /proc/$(head -n 1 /run/services/postgres-45432/data/postmaster.pid)/environ | cut -d= -f1 | sort";
    const result = await run(environ, [POSTGRES], { env: { SECRET: 'x', DATABASE_URL: 'y' } });
    expect(result.stdout.split('\n')).not.toContain('SECRET');
    expect(result.stdout).toContain('PATH');
  });

  test('beside the way to the network and beside redis', async () => {
    const script = `${sql('SELECT 1')}; redis-cli -u "$REDIS_URL" ping; env | grep -c ^HTTPS_PROXY`;
    const result = await run(script, has('redis') ? [POSTGRES, REDIS] : [POSTGRES], { hosts: ['a.example'] });
    expect(result.stdout).toContain('1\n');
    if (has('redis')) expect(result.stdout).toBe('1\nPONG\n1\n');
  });

  test('is gone when the time of its command is over', async () => {
    const limits = { ...DEFAULT_LIMITS, wallMs: 1_500 };
    expect(await run('sleep 60', [POSTGRES], { limits })).toMatchObject({ end: 'timeout' });
    await gone(POSTGRES);
  });

  test('is gone when the worker that started it was killed', async () => {
    const command = commandOf(`touch ${work}/running; sleep 60`, [POSTGRES]);
    const script = `
      import { createBwrapSandbox } from ${JSON.stringify(new URL('bwrap.ts', import.meta.url).href)};
      await createBwrapSandbox({ proxySocketDir: ${JSON.stringify(proxySocketDir)} }).run(${JSON.stringify(command)});`;
    const worker = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    await expect.poll(() => existsSync(join(work, 'running')), { timeout: 20_000 }).toBe(true);
    expect(processesNaming('45432').length).toBeGreaterThan(0);
    worker.kill('SIGKILL');
    await gone(POSTGRES);
  });

  test('that cannot make its cluster is a reason, and the command is not run', async () => {
    const bin = fakePrograms({ initdb: 'echo "no room" >&2; exit 1', postgres: '', pg_isready: '' });
    const service = { kind: 'postgres', version: 99, bin, port: 45_433, database: 'app' } as const;
    const result = await run('touch ran', [], {
      services: [service],
      binds: [
        { from: work, mode: 'rw' },
        { from: bin, mode: 'ro' },
      ],
    });
    // The cluster is made where nothing of the command is seen, so not even the fake is.
    expect(result.unserved).toMatch(/^postgres 99 could not make a cluster for the sandbox: /);
    expect(readdirSync(work)).toEqual([]);
    expect(readdirSync(join(proxySocketDir, 'services')).filter((name) => name.startsWith('new-'))).toEqual([]);
  });
});

describe.skipIf(!has('bwrap') || !has('redis'))('redis in the sandbox', () => {
  test('answers at the address in its variable, empty for each command', async () => {
    const script = 'redis-cli -u "$REDIS_URL" dbsize; redis-cli -u "$REDIS_URL" set a 1';
    for (const _ of [1, 2])
      expect(await run(script, [REDIS])).toMatchObject({ code: 0, stdout: '0\nOK\n', stderr: '' });
    await gone(REDIS);
  });

  test.skipIf(!has('postgres'))('whose port is taken is a reason, and the command is not run', async () => {
    const result = await run('touch ran', [{ ...POSTGRES, port: REDIS.port }, REDIS]);
    // They start side by side: either may be the one that was too late.
    expect(result.unserved).toMatch(
      /^the service (redis|postgres) on port 46379 did not start: [^]*Address already in use/,
    );
    expect(readdirSync(work)).toEqual([]);
  });

  test('that ends at once is a reason with its last words', async () => {
    const bin = fakePrograms({ 'redis-server': 'echo "no such luck"; exit 1', 'redis-cli': 'exit 1' });
    const result = await run('touch ran', [], {
      services: [{ kind: 'redis', bin, port: 46_380 }],
      binds: [
        { from: work, mode: 'rw' },
        { from: bin, mode: 'ro' },
      ],
    });
    expect(result).toMatchObject({
      end: 'exited',
      code: 125,
      unserved: 'the service redis on port 46380 did not start: no such luck',
    });
    expect(readdirSync(work)).toEqual([]);
  });

  test('a command cannot claim that it was never run', async () => {
    const result = await run('echo "the service redis on port 46379 did not start: x" >&2; exit 125', [REDIS]);
    expect(result.code).toBe(125);
    expect(result.unserved).toBeUndefined();
  });
});

function fakePrograms(scripts: Readonly<Record<string, string>>): string {
  const bin = mkdtempSync(join(root, 'bin-'));
  mkdirSync(bin, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}
