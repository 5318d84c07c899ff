import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import { loadConfig, writeResolvedConfig } from './load.ts';
import { readResolvedConfig } from './resolved.ts';
import type { LoadedConfig } from './types.ts';

const ports = { api: 7070, temporal: 7233, temporalUi: 8233, model: 9000 };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(yaml: string, env: Record<string, string> = {}): LoadedConfig {
  const file = join(folder, 'lamplighter.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, dataDir: join(folder, 'data'), env, ports });
}

function errorsOf(yaml: string, env: Record<string, string> = {}): string {
  try {
    load(yaml, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.join('\n').replaceAll(`${folder}/`, '');
    throw error;
  }
  throw new Error('the configuration was accepted');
}

const FULL = `
repos:
  - name: acme/web
    remote: ./web.git
    tracker: { kind: local, dir: ./issues, people: { ada: write } }
    pushEnv: { GIT_SSH_COMMAND: "ssh -i key", TOKEN: { file: ./token } }
    deploy:
      command: ./deploy.sh
      env: { SECRET: { env: DEPLOY_SECRET } }
      health: { url: "http://127.0.0.1:9/health", version: json:version, times: 2 }
    caps: { dayUsd: 2.5 }
allow: [acme/web]
bounds: { verifyRounds: 3, sessionMinutes: 1.5, issueUsd: 0.25 }
caps: { dayUsd: 30, repoMonthUsd: 80 }
store: { kind: postgres, url: { env: PG } }
egress: { proxy: 'proxy.example.org:3128', privateHosts: [packages.example.org] }
toolchains: { python: { bind: [./py], path: [./py/bin], env: { A: b } } }
`;
const ENV = { ANTHROPIC_API_KEY: 'key-1', DEPLOY_SECRET: 'shh', PG: 'postgres://x' };

describe('loadConfig', () => {
  it('ships disarmed: nothing enrolled, nothing allowed (invariant 8)', () => {
    const config = loadConfig({ file: null, dataDir: folder, env: {}, ports });

    expect(config.repos).toEqual([]);
    expect(config.allow).toEqual([]);
    expect(config.bounds).toMatchObject({ fixAttempts: 5, fixMs: 3_600_000 });
    expect(config.caps).toEqual({
      total: { dayMicroUsd: 50_000_000, monthMicroUsd: 500_000_000 },
      anyRepo: { dayMicroUsd: 25_000_000, monthMicroUsd: 250_000_000 },
      repos: {},
    });
    expect(config.model).toMatchObject({ provider: 'scripted', baseUrl: 'http://127.0.0.1:9000', apiKey: null });
    expect(config.store).toEqual({ kind: 'sqlite', file: join(folder, 'lamplighter.db') });
    expect(config.toolchains['node']?.path).toEqual([dirname(process.execPath)]);
  });

  it('takes paths relative to the file, and secrets from files and the environment', () => {
    writeFileSync(join(folder, 'token'), 't0ken\n');
    const config = load(FULL, ENV);
    const [repo] = config.repos;

    expect(repo?.remote).toBe(join(folder, 'web.git'));
    expect(repo?.tracker).toMatchObject({ kind: 'local', dir: join(folder, 'issues') });
    expect(repo?.pushEnv).toEqual({ GIT_SSH_COMMAND: 'ssh -i key', TOKEN: 't0ken' });
    expect(repo?.deploy.env).toEqual({ SECRET: 'shh' });
    expect(repo?.deploy.health).toEqual({
      url: 'http://127.0.0.1:9/health',
      version: 'json:version',
      times: 2,
      everySeconds: 1,
      timeoutSeconds: 5,
    });
    expect(config.toolchains['python']?.path).toEqual([join(folder, 'py/bin')]);
    expect(config.egress).toEqual({ proxy: 'proxy.example.org:3128', privateHosts: ['packages.example.org'] });
    expect(config.store).toEqual({ kind: 'postgres', url: 'postgres://x' });
    expect(config.model).toMatchObject({ provider: 'anthropic', apiKey: 'key-1' });
    expect(config.bounds).toMatchObject({ verifyRounds: 3, sessionMs: 90_000, issueMicroUsd: 250_000 });
    expect(config.caps).toEqual({
      total: { dayMicroUsd: 30_000_000, monthMicroUsd: 500_000_000 },
      anyRepo: { dayMicroUsd: 25_000_000, monthMicroUsd: 80_000_000 },
      repos: { [repo!.key]: { dayMicroUsd: 2_500_000, monthMicroUsd: 80_000_000 } },
    });
  });

  it('takes what tests may ask for, for the gates alone unless the session is named', () => {
    const repo = (testEnv: string): string =>
      `repos: [{ name: a/b, remote: x, tracker: { kind: local, dir: i }, testEnv: ${testEnv} }]`;
    const given = '{ A: plain, B: { env: PAY }, C: { file: ./c, session: true }, D: { value: d, session: true } }';
    writeFileSync(join(folder, 'c'), 'from file\n');

    expect(load(repo(given), { ...ENV, PAY: 'p4y' }).repos[0]?.testEnv).toEqual({
      A: { value: 'plain', session: false },
      B: { value: 'p4y', session: false },
      C: { value: 'from file', session: true },
      D: { value: 'd', session: true },
    });
    expect(errorsOf(repo('{ LD_PRELOAD: x }'), ENV)).toContain(
      'repos[0].testEnv.LD_PRELOAD: LD_PRELOAD is set by Lamplighter itself',
    );
    expect(errorsOf(repo('{ B: { env: PAY } }'), ENV)).toContain(
      'repos[0].testEnv.B: the environment variable PAY is not set',
    );
  });

  it('takes the deadlines of the watchdog in minutes, each with its default, and its ping as text or as a secret', () => {
    const base = 'model: { provider: scripted }\n';
    const { watchdog } = load(
      `${base}watchdog: { everySeconds: 2, unseenMinutes: 0.1, diskFreeMegabytes: 5, ping: { url: { env: PING } } }`,
      {
        PING: 'https://dead-man.example/token',
      },
    );

    expect(watchdog.limits).toMatchObject({ unseenMs: 6_000, marginMs: 600_000, frozenMs: 86_400_000 });
    expect(watchdog.limits.diskFreeBytes).toBe(5 * 1024 ** 2);
    expect([watchdog.everyMs, watchdog.ping]).toEqual([
      2_000,
      { url: 'https://dead-man.example/token', everyMs: 60_000 },
    ]);
    expect(load(`${base}watchdog: { ping: { url: "http://127.0.0.1:9/x", everySeconds: 5 } }`).watchdog.ping).toEqual({
      url: 'http://127.0.0.1:9/x',
      everyMs: 5_000,
    });
    expect(load(base).watchdog.ping).toBeNull();
  });

  it.each(['unseenMinutes: 0.5', 'everySeconds: 100'])(
    'refuses a watchdog that would look too seldom to see: %s',
    (given) => {
      expect(errorsOf(`watchdog: { ${given} }`, ENV)).toContain('must look at least three times within unseenMinutes');
    },
  );

  it('refuses a ping that is no web address without repeating it, because it may hold a token', () => {
    const errors = errorsOf('watchdog: { ping: { url: { env: PING } } }', { ...ENV, PING: 'dead-man.example/t0ken' });

    expect(errors).toContain('watchdog.ping.url: must be an http or https address');
    expect(errors).not.toContain('t0ken');
  });

  it('reports every secret that cannot be read, at its place, in one go', () => {
    const errors = errorsOf(FULL, { ANTHROPIC_API_KEY: 'k' });

    expect(errors).toContain("lamplighter.yaml:6:47: repos[0].pushEnv.TOKEN: the file token can't be read (ENOENT)");
    expect(errors).toContain(
      'lamplighter.yaml:9:14: repos[0].deploy.env.SECRET: the environment variable DEPLOY_SECRET is not set',
    );
    expect(errors).toContain('lamplighter.yaml:15:26: store.url: the environment variable PG is not set');
  });

  it.each([
    ['an unknown key', 'slots: 2\nslotz: 3', 'lamplighter.yaml:2:1: slotz: unknown key'],
    ['a key written twice', 'slots: 2\nslots: 3', 'lamplighter.yaml:2:1: Map keys must be unique'],
    ['a wrong type', 'slots: two', 'lamplighter.yaml:1:1: slots: expected a number, found string "two"'],
    ['a negative cap', 'caps: { dayUsd: -1 }', 'lamplighter.yaml:1:9: caps.dayUsd: Too small'],
    ['a cap beyond counting', 'caps: { monthUsd: 1e12 }', 'lamplighter.yaml:1:9: caps.monthUsd: Too big'],
    ['a number out of range', 'slots: 0', 'slots: Too small: expected number to be >=1, found number 0'],
    ['broken YAML', 'allow: [a, b\nslots: 1', 'lamplighter.yaml:2:1: '],
    ['a missing key', 'repos:\n  - name: a/b\n    remote: x', 'lamplighter.yaml:2:5: repos[0].tracker: is missing'],
    [
      'an unknown kind',
      'store: { kind: mysql }',
      'lamplighter.yaml:1:10: store.kind: expected "sqlite" or "postgres", found string "mysql"',
    ],
    [
      'an allowlist that allows nothing',
      'allow: [a/b]',
      'lamplighter.yaml:1:9: allow[0]: a/b is not the name of a repo',
    ],
    ['a bound beyond counting', 'bounds: { issueUsd: 1e12 }', 'lamplighter.yaml:1:11: bounds.issueUsd: Too big'],
    ['a bound below zero', 'bounds: { fixAttempts: -1 }', 'bounds.fixAttempts: '],
    ['a model without a price', 'model: { provider: scripted, name: gpt }', 'model.name: there is no price for gpt'],
    ['the real model without a key', 'model: { provider: anthropic }', 'model.provider: anthropic needs a key'],
    [
      'a folder of scenarios that is not there',
      'model: { provider: scripted, scenarios: nowhere }',
      'lamplighter.yaml:1:30: model.scenarios: there is no folder ',
    ],
    ['two documents', 'slots: 1\n---\nslots: 2', 'lamplighter.yaml:2:1: '],
    ['a list instead of a mapping', '- a', 'lamplighter.yaml:1:1: expected a mapping, found a list'],
  ])('refuses %s, naming file, line, column and key', (_case, yaml, expected) => {
    expect(errorsOf(yaml)).toContain(expected);
  });

  it('never repeats a secret that was written in plain where a reference belongs', () => {
    const errors = errorsOf('model: { apiKey: sk-very-secret }');

    expect(errors).toContain('model.apiKey: expected one of');
    expect(errors).not.toContain('very-secret');
  });

  it('listens on loopback unless an address is named, and answers to the names that are given', () => {
    expect(load('{}').api).toEqual({ port: 7070, host: '127.0.0.1', publicUrl: 'http://127.0.0.1:7070', names: [] });
    const given = 'api: { host: "2001:db8::7", names: [Lamp.example, "2001:DB8::7", 192.0.2.7] }';
    expect(load(given).api).toEqual({
      port: 7070,
      host: '2001:db8::7',
      publicUrl: 'http://[2001:db8::7]:7070',
      names: ['lamp.example', '[2001:db8::7]', '192.0.2.7'],
    });
    for (const host of ['lamp.example', '192.0.2.0/24', ''])
      expect(errorsOf(`api: { host: "${host}" }`)).toContain('api.host');
    for (const name of ['https://lamp.example', '*.example', 'a b'])
      expect(errorsOf(`api: { names: ["${name}"] }`)).toContain('api.names');
  });

  it('a cap of 0 is a cap: nothing may be spent', () => {
    expect(load('caps: { dayUsd: 0 }').caps.total.dayMicroUsd).toBe(0);
  });

  it.each(['crash@', 'push.after@0', 'a b'])('refuses the crash point %j', (point) => {
    expect(errorsOf('slots: 1', { LAMPLIGHTER_CRASH: point })).toContain('LAMPLIGHTER_CRASH: expected <point>');
  });

  it('reads crash points with their passings', () => {
    expect(load('slots: 1', { LAMPLIGHTER_CRASH: 'push.after@3,close.before' }).crashPlan?.points).toEqual([
      { point: 'push.after', at: 3 },
      { point: 'close.before', at: 1 },
    ]);
  });

  it('gives a repo a key that stays when other repos come and go, and is safe in a path', () => {
    const first = repoYaml('acme/Web.App', 'https://forge.test/acme/web.git');
    const other = repoYaml('acme/other', 'https://forge.test/acme/other.git');
    const alone = load(`repos:\n${first}`, ENV).repos[0]?.key;

    expect(load(`repos:\n${other}${first}`, ENV).repos[1]?.key).toBe(alone);
    expect(alone).toMatch(/^acme-web-app-[0-9a-f]{8}$/);
  });

  it('refuses one repo enrolled twice', () => {
    const repo = repoYaml('a/b', 'https://forge.test/a/b');
    expect(errorsOf(`repos:\n${repo}${repo}`, ENV)).toContain('repos[1].name: a/b is enrolled twice');
  });
});

function repoYaml(name: string, remote: string): string {
  return `  - name: ${name}\n    remote: ${remote}\n    tracker: { kind: local, dir: ./i }\n`;
}

describe('the resolved configuration', () => {
  it('comes back as it was written, readable by its owner only', () => {
    writeFileSync(join(folder, 'token'), 't0ken\n');
    const loaded = load(FULL, { ...ENV, LAMPLIGHTER_CRASH: 'push.before' });
    mkdirSync(loaded.dataDir);
    writeFileSync(join(loaded.dataDir, 'operator.token'), 'op\n');

    const file = writeResolvedConfig(loaded.dataDir, loaded);
    const { config, crash, operatorToken, cacheDir } = readResolvedConfig(file);

    const {
      crashPlan,
      cacheDir: expectedCache,
      scenarioDir: _s,
      temporalExecutable: _t,
      temporalEmbedded: _e,
      ...expected
    } = loaded;
    expect(config).toEqual(expected);
    expect(crash).toEqual(crashPlan);
    expect(cacheDir).toBe(expectedCache);
    expect(operatorToken).toBe('op');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('refuses a file that this version did not write', () => {
    writeFileSync(join(folder, 'config.json'), '{"dataDir": "x"}');
    expect(() => readResolvedConfig(join(folder, 'config.json'))).toThrow('restart');
  });
});
