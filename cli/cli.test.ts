import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lamplighter, type Ran } from '../test/setup/lamplighter.ts';
import { FROZEN, seedRun, startApiServer, type ApiServer } from '../test/setup/api-server.ts';
import { runSubject } from '../domain/unit.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

let api: ApiServer;
const here = (...args: string[]): Promise<Ran> => lamplighter([...args, '--data-dir', api.dataDir]);

beforeAll(async () => {
  api = await startApiServer();
  await seedRun(api.store, 'alpha-1', [
    FROZEN,
    { stage: 'ended', progress: FROZEN.progress, outcome: 'abandoned', reason: 'by ada' },
  ]);
  await seedRun(api.store, 'alpha-2', [FROZEN]);
});
afterAll(() => api.close());

describe('without an api', () => {
  it('exit 3, and it says how to start one and where it looked', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'lamplighter-none-'));
    const ran = await lamplighter(['runs', '--data-dir', dir]);
    expect(ran).toMatchObject({ code: 3, stdout: '' });
    expect(ran.stderr).toContain(`lamplighter up --data-dir ${dir}`);
    rmSync(dir, { recursive: true });
  });

  it('exit 3 for an up.json whose process is gone', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'lamplighter-gone-'));
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    probe.close();
    await once(probe, 'close');
    writeFileSync(join(dir, 'up.json'), JSON.stringify({ url: `http://127.0.0.1:${port}`, pid: 1 }));
    const ran = await lamplighter(['runs', '--json', '--data-dir', dir]);
    expect(ran.code).toBe(3);
    expect(JSON.parse(ran.stderr)).toMatchObject({
      error: { code: 'not-reachable', message: expect.stringContaining(dir) as string },
    });
    rmSync(dir, { recursive: true });
  });
});

describe('usage', () => {
  it.each([
    [[], 2],
    [['--help'], 0],
    [['--version'], 0],
    [['nonsense'], 2],
    [['unfreeze', 'alpha', '--note', 'x'], 2],
    [['unfreeze', 'alpha', '--way', 'sideways', '--note', 'x'], 2],
    [['cancel', 'alpha'], 2],
    [['runs', '--limit', 'many'], 2],
    [['runs', '--url', 'ftp://x'], 2],
    [['help', 'up'], 0],
  ])('%j exits %i', async (args, code) => {
    expect((await lamplighter(args)).code).toBe(code);
  });

  it.each([
    'runs',
    'show',
    'issue add',
    'unfreeze',
    'escalate',
    'cancel',
    'kill-switch on',
    'caps raise',
    'recover',
    'doctor',
    'schema',
    'breakglass verb',
  ])('the help of %s has an example', async (command) => {
    const { stdout } = await lamplighter([...command.split(' '), '--help']);
    expect(stdout).toContain(`$ lamplighter ${command}`);
  });
});

describe('runs and their acts', () => {
  it('lists what there is, hostile titles among it, without colour into a pipe', async () => {
    const { code, stdout } = await here('runs');
    expect(code).toBe(0);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toMatch(/alpha-2 +acme\/shop#3 +frozen +.*health is red: wrong version/);
    expect(stdout).toMatch(/alpha-1 +acme\/shop#3 +abandoned/);
    expect(JSON.parse((await here('runs', '--open', '--json')).stdout)).toMatchObject({ runs: [{ id: 'alpha-2' }] });
  });

  it('--json means what it meant and does nothing to a terminal, C1 controls and direction marks among it', async () => {
    const note = 'see \u009b31m red \u202e desrever \u001b]0;owned\u0007';
    await api.store.acts.add({
      id: 'hostile-1',
      run: 'alpha-2',
      data: { kind: 'escalate' },
      by: { name: 'ada', kind: 'token', scopes: [] },
      note,
      at: 1,
    });
    for (const args of [
      ['show', 'alpha-2', '--json'],
      ['show', 'alpha-2'],
    ]) {
      const { stdout } = await here(...args);
      expect(stdout).not.toMatch(/[^\P{Cc}\n\t]|[\u202a-\u202e]/u);
    }
    const { acts } = JSON.parse((await here('show', 'alpha-2', '--json')).stdout) as { acts: { note: string }[] };
    expect(acts[0]?.note).toBe(note);
  });

  it('a run is found by a beginning of its id that no other has', async () => {
    expect((await here('show', 'alpha-2')).stdout).toContain('--way resolved --note "why"');
    const both = await here('show', 'alph');
    expect(both.code).toBe(1);
    expect(both.stderr).toContain('alpha-1');
    expect((await here('show', 'beta')).stderr).toContain('`lamplighter runs` lists them');
  });

  it('a refused act exits 1 in the words of the api', async () => {
    const ran = await here('cancel', 'alpha-2', '--note', 'why');
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('unfreeze it by abandon');
  });

  it('an act is recorded under the name that was given', async () => {
    const ran = await here(
      'unfreeze',
      'alpha-2',
      '--way',
      'resolved',
      '--reverted',
      '--note',
      'by hand',
      '--as',
      'Åsa',
    );
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect((await api.store.acts.list('alpha-2')).slice(-1)).toMatchObject([
      { by: { name: 'Åsa' }, note: 'by hand', data: { kind: 'unfreeze', way: 'resolved', reverted: true } },
    ]);
  });

  it('without the token nothing is changed', async () => {
    const empty = join(api.dataDir, 'empty.token');
    writeFileSync(empty, '\n');
    expect(await here('recover', '--token-file', empty)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('needs a token') as string,
    });
    writeFileSync(empty, 'wrong\n');
    expect(await here('recover', '--token-file', empty)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not one that is known here') as string,
    });
  });
});

describe('following a run', () => {
  it('tells it from the beginning to its end, over a restart of the api, each word once', async () => {
    await api.store.runs.transition('alpha-2', {
      seq: 2,
      state: { stage: 'ended', progress: FROZEN.progress, outcome: 'superseded', reason: 'reverted' },
      effects: [],
      cause: 'head-proven',
      at: Date.now(),
    });
    await seedRun(api.store, 'gamma-1');
    const subject = 'run/gamma-1';
    const session = 'gamma-s';
    const delta = (offset: number, text: string) =>
      api.store.events.append({
        at: Date.now(),
        subject,
        kind: 'text.delta',
        data: { session, turn: 1, attempt: 1, offset, text },
      });
    await api.store.sessions.open({ id: session, unit: runSubject('gamma-1'), system: '', at: Date.now() });

    const child = spawn(process.execPath, [MAIN, 'show', 'gamma', '--follow', '--data-dir', api.dataDir]);
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    const exited = once(child, 'exit');

    await delta(0, 'First the \u001b[31mtest');
    await expect.poll(() => stdout, { timeout: 10_000 }).toContain('First the test');
    await api.restart();
    await delta('First the \u001b[31mtest'.length, ', then');
    await expect.poll(() => stdout, { timeout: 10_000 }).toContain('First the test, then');
    await api.store.sessions.commitTurn({
      session,
      turn: 1,
      stopReason: 'tool_use',
      model: 'm',
      microUsd: 20_000,
      at: Date.now(),
      usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 },
      content: [
        { type: 'text', text: 'First the \u001b[31mtest, then the code.' },
        { type: 'tool_use', id: 't1', name: 'bash', input: { command: 'npm test' } },
      ],
    });
    await api.store.sessions.putResult({
      session,
      turn: 1,
      toolUseId: 't1',
      content: 'ok 1 - rounds',
      isError: false,
      at: Date.now(),
    });
    await api.store.runs.transition('gamma-1', {
      seq: 1,
      state: { stage: 'ended', progress: FROZEN.progress, outcome: 'shipped', reason: 'live and healthy' },
      effects: [],
      cause: 'green',
      at: Date.now(),
    });
    expect(await exited).toEqual([0, null]);
    expect(stdout).toMatch(
      /First the test, then the code\.\n {2}▸ bash npm test\n {2}turn 1, \$0\.02 so far\n {4}ok 1 - rounds\n.*shipped \(green\) {2}live and healthy\n$/,
    );
  });

  it('--json gives the rows, one a line', async () => {
    const { stdout } = await here('show', 'gamma', '--follow', '--json');
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; subject: string });
    expect(new Set(rows.map((row) => row.subject))).toEqual(new Set(['run/gamma-1']));
    expect(rows.map((row) => row.seq)).toEqual(rows.map((row) => row.seq).toSorted((a, b) => a - b));
  });
});

describe('issues, kill switch, recovery', () => {
  it('an issue is added, listed and shown', async () => {
    const added = await here(
      'issue',
      'add',
      '--title',
      'Greet by name',
      '--body',
      'GET /hello',
      '--label',
      'ready-for-agent',
      '--as',
      'ada',
      '--json',
    );
    expect(JSON.parse(added.stdout)).toMatchObject({
      issue: { number: 1, labels: ['ready-for-agent'], repoName: 'acme/shop' },
    });
    expect((await here('issue', 'list')).stdout).toMatch(/acme\/shop#1 +open +Greet by name +ready-for-agent/);
    const shown = (await here('issue', 'show', 'acme/shop', '1')).stdout;
    expect(shown).toContain('ready-for-agent added by ada (admin)');
    expect(shown).toContain('GET /hello');
  });

  it('an issue that is not picked up says every reason with its remedy, and how the label is applied anew', async () => {
    await here('kill-switch', 'on', '--note', 'stop');
    const added = await here('issue', 'add', '--title', 'By a stranger', '--label', 'ready-for-agent', '--as', 'eve');
    for (const { stdout } of [added, await here('issue', 'show', 'acme/shop', '2')]) {
      expect(stdout).toMatch(/not picked up, because\n {2}the kill switch is on\n +→ lamplighter kill-switch off/);
      expect(stdout).toMatch(/applied by eve, who is not a trusted collaborator\n +→ let somebody apply it/);
    }
    expect((await here('issue', 'list')).stdout).toMatch(
      /acme\/shop#2 .*not picked up: the kill switch is on; the label/,
    );

    await here('kill-switch', 'off', '--note', 'go');
    const again = await here('issue', 'label', 'acme/shop', '2', 'ready-for-agent', '--as', 'ada');
    expect(again.stdout).toContain('picked up as soon as');
    expect((await here('issue', 'label', 'acme/shop', '77', 'x')).code).toBe(1);
  });

  it('the list of runs says what keeps new ones from starting, a broken issue file among it', async () => {
    await here('kill-switch', 'on', '--note', 'stop');
    await api.store.control.setFact('issues-failure/shop-1', '0009-x.md:1:1: no front matter', 1);
    const { stdout } = await here('runs');
    expect(stdout).toMatch(
      /the kill switch is on: nothing new starts\n +→ lamplighter kill-switch off --note "why" --data-dir/,
    );
    expect(stdout).toContain('some issues of acme/shop cannot be read: 0009-x.md:1:1: no front matter');
    await api.store.control.setFact('issues-failure/shop-1', null, 2);
  });

  it('a release is looked at now, not at the next poll', async () => {
    await here('kill-switch', 'off', '--note', 'go');
    const before = api.polled();
    await here('issue', 'label', 'acme/shop', '1', 'ready-for-agent', '--as', 'ada');
    expect(api.polled()).toBe(before + 1);
  });

  it('the kill switch is a row and a file, and either is enough (invariant 8)', async () => {
    const file = join(api.dataDir, 'kill-switch');
    expect((await here('kill-switch', 'off', '--note', 'armed')).stdout).toContain('off');
    expect(() => readFileSync(file)).toThrow('ENOENT');
    writeFileSync(file, '');
    expect(JSON.parse((await here('kill-switch', 'show', '--json')).stdout)).toMatchObject({
      killSwitch: { on: true, file: true, row: false },
    });
    await here('kill-switch', 'on', '--note', 'stop', '--as', 'ada');
    expect(readFileSync(file, 'utf8')).toBe('ada: stop\n');
    expect(await api.store.control.killSwitch()).toMatchObject({ on: true, by: 'ada', note: 'stop' });
    await here('kill-switch', 'off', '--note', 'go');
    expect((await here('kill-switch', 'show')).stdout).toContain('off');
  });

  it('recover says what was started again', async () => {
    expect((await here('recover')).stdout).toContain('started again: run-lost');
  });
});

describe('doctor and schema', () => {
  it('doctor works without an api, and finds an unreadable configuration', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'lamplighter-doctor-'));
    writeFileSync(join(dir, 'lamplighter.yaml'), 'repos: 7\n');
    const { code, stdout } = await lamplighter(['doctor', '--json', '--data-dir', join(dir, 'data')], dir);
    const { ok, findings } = JSON.parse(stdout) as {
      ok: boolean;
      findings: { name: string; ok: boolean; remedy: string | null }[];
    };
    expect([code, ok]).toEqual([1, false]);
    expect(findings.find((one) => one.name === 'config')).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('schema config') as string,
    });
    expect(findings.find((one) => one.name === 'node')).toMatchObject({ ok: true });
    expect(findings.filter((one) => !one.ok).every((one) => one.remedy !== null)).toBe(true);
    rmSync(dir, { recursive: true });
  });

  it('each missing part is named with its remedy', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'lamplighter-bare-'));
    const ran = await new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        [MAIN, 'doctor', '--data-dir', join(dir, 'data')],
        { cwd: dir, env: { PATH: dir, HOME: dir } },
        (_error, stdout) => resolve(stdout),
      );
    });
    for (const part of ['git', 'sandbox', 'socat', 'flock', 'temporal'])
      expect(ran).toMatch(new RegExp(`missing +${part} .*\\n +→ \\S`));
    expect(ran).toContain('not ready: git, ');
    rmSync(dir, { recursive: true });
  });

  it('doctor sees the api, the kill switch and the allowlist', async () => {
    await here('kill-switch', 'off', '--note', 'armed');
    const { stdout } = await here('doctor');
    expect(stdout).toMatch(/api +lamplighter 0\.0\.0 answers, \d+ open runs/);
    expect(stdout).toMatch(/kill switch +off/);
    expect(stdout).toMatch(/allowlist +acme\/shop/);
  });

  it.each([
    ['{}', '127.0.0.1, this machine alone; reading needs no token here', null],
    [
      '{ api: { host: 0.0.0.0 } }',
      '0.0.0.0, reached from other machines, in plain HTTP; every call needs a token',
      'TLS',
    ],
  ])('doctor says of %s who can reach the api: %s', async (config, detail, remedy) => {
    const dir = mkdtempSync(join(tmpdir(), 'lamplighter-doctor-'));
    writeFileSync(join(dir, 'lamplighter.yaml'), `${config}\n`);
    const { stdout } = await lamplighter(['doctor', '--json', '--data-dir', join(dir, 'data')], dir);
    const { findings } = JSON.parse(stdout) as { findings: { name: string; detail: string; remedy: string | null }[] };
    const found = findings.find((one) => one.name === 'api address');
    expect(found?.detail).toContain(detail);
    if (remedy === null) expect(found?.remedy).toBeNull();
    else expect(found?.remedy).toContain(remedy);
    rmSync(dir, { recursive: true });
  });

  it.each(['config', 'contract'])('schema %s is JSON Schema', async (file) => {
    expect(JSON.parse((await lamplighter(['schema', file])).stdout)).toMatchObject({
      type: 'object',
      properties: expect.anything() as unknown,
    });
  });
});
