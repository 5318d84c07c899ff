/** Who has played is as disarmed as before: `npm start`, then `up --config`, neither with a --data-dir. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { CapsView, StatusView } from '../../api/views/view.ts';
import { cacheDir } from '../../config/environment.ts';
import { git } from '../../playground/git.ts';
import { lamplighter } from '../../test/setup/lamplighter.ts';
import { has } from '../../test/setup/needs.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

describe.skipIf(!has('temporal') || !has('bwrap'))('up without a --data-dir', () => {
  const home = mkdtempSync(join(tmpdir(), 'lamplighter-home-'));
  const own = join(home, 'own');
  let up: ChildProcess | null = null;
  let said = '';
  afterEach(() => up?.kill('SIGKILL'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  async function start(...args: readonly string[]): Promise<void> {
    said = '';
    up = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, MAIN, 'up', ...args], {
      cwd: home,
      env: { ...process.env, HOME: home, XDG_CACHE_HOME: dirname(cacheDir(process.env)), ANTHROPIC_API_KEY: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    up.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until('up', () => said.includes('up at http'));
  }

  async function stop(): Promise<number | null> {
    if (up === null) throw new Error('up was not started');
    const exit = once(up, 'exit');
    up.kill('SIGINT');
    return ((await exit) as [number | null])[0];
  }

  async function until(what: string, look: () => Promise<boolean> | boolean): Promise<void> {
    for (const end = Date.now() + 90_000; !(await look());) {
      if (Date.now() > end) throw new Error(`${what}: not within 90 s. It said: ${said}`);
      await delay(100);
    }
  }

  const ask = async <T>(...args: readonly string[]): Promise<T> => {
    const { stdout, stderr } = await lamplighter([...args, '--json'], home, 25_000, { HOME: home });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as T;
  };

  it('serves a lamplighter.yaml disarmed after the playground has run and spent, its caps and runs at zero', async () => {
    await start();
    await until('the playground has spent', async () =>
      (await ask<CapsView>('caps')).caps.some(({ spentMicroUsd }) => spentMicroUsd > 0),
    );
    expect((await ask<{ runs: unknown[] }>('runs')).runs.length).toBeGreaterThan(0);
    for (const words of ['lamplighter runs', 'Ctrl-C', 'npm start -- --fresh']) expect(said).toContain(words);
    expect(await stop()).toBe(0);
    expect(said).toMatch(/stopped: nothing of it runs any more/);

    mkdirSync(join(own, 'issues'), { recursive: true });
    await git(own, ['init', '-q', '--bare', '-b', 'main', 'remote.git']);
    const config = join(own, 'lamplighter.yaml');
    writeFileSync(
      config,
      `repos: [{ name: acme/shop, remote: remote.git, tracker: { kind: local, dir: issues } }]\nmodel: { scenarios: issues }\n`,
    );
    await start('--config', config);
    const { runs } = await ask<{ runs: unknown[] }>('runs');
    const { caps } = await ask<CapsView>('caps');
    expect(runs).toEqual([]);
    expect(caps.map(({ spentMicroUsd }) => spentMicroUsd)).toEqual(caps.map(() => 0));
    const file = JSON.parse(readFileSync(join(home, '.local/share/lamplighter/up.json'), 'utf8')) as { url: string };
    const status = (await (await fetch(`${file.url}/api/status`)).json()) as StatusView;
    expect(status.killSwitch.on).toBe(true);
    await until('it says what it serves', () => said.includes('end it'));
    expect(said).toMatch(/acme\/shop: not under allow/);
    expect(said).toMatch(/on: nothing starts until .*lamplighter kill-switch off/);
    expect(existsSync(join(home, '.local/share/lamplighter/playground'))).toBe(false);
    expect(await stop()).toBe(0);
  }, 240_000);
});
