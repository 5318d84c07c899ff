/** Facts 5.8: metacharacters, newline, unicode, extra arguments, huge input, empty, case, environment injection; no shell ever sees it. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { call } from './call.ts';
import { fakeHost } from './fake-host.ts';
import { expected, inputs } from './inputs.ts';

const driver = fileURLToPath(new URL('grammar-driver.sh', import.meta.url));
const hostFolder = fileURLToPath(new URL('../../host', import.meta.url));

/** A NUL can't be in an argument or a variable of the environment, so no client can send one: it is what separates the inputs here. */
function judged(all: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'grammar-'));
  const file = join(folder, 'inputs');
  // A file, because bash reads a pipe byte by byte.
  writeFileSync(file, all.map((text) => `${text}\0`).join(''));
  const input = openSync(file, 'r');
  const { stdout, status } = spawnSync(driver, [hostFolder], { stdio: [input, 'pipe', 'inherit'], maxBuffer: 1 << 28 });
  closeSync(input);
  rmSync(folder, { recursive: true });
  expect(status).toBe(0);
  return stdout.toString().split('\n').slice(0, -1);
}

describe('5.8: the grammar', () => {
  it('rejects or understands 100,000 inputs exactly as a second reading of it does', { timeout: 120_000 }, () => {
    const seed = Number(process.env['LAMPLIGHTER_FUZZ_SEED'] ?? Date.now() % 1_000_000);
    const all = inputs(100_000, seed);

    const verdicts = judged(all);

    expect(verdicts.length).toBe(all.length);
    const wrong = all.map((input, index) => ({ input, said: verdicts[index], want: expected(input) }));
    expect(wrong.filter(({ said, want }) => said !== want).slice(0, 5), `seed ${seed}`).toEqual([]);
    // A fuzz that never hits the grammar, or never misses it, proves nothing.
    expect(verdicts.filter((verdict) => verdict !== 'rejected').length).toBeGreaterThan(5_000);
    expect(verdicts.filter((verdict) => verdict === 'rejected').length).toBeGreaterThan(50_000);
  });

  const requests = ['', ' ', 'status ', ' status', 'Status', 'status\n', 'status\nstop', 'status op=', 'stop --help'];
  it.each([...requests.map((request) => [JSON.stringify(request), request]), ['100,000 letters', 'x'.repeat(100_000)]])(
    'rejects %s with exit code 2, words for a person, and nothing on stdout',
    async (_name, request) => {
      const host = await fakeHost();

      const { code, stdout, stderr } = await call(host, 'human', request);

      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/rejected/);
      expect(stderr.length).toBeLessThan(300);
    },
  );

  it('rejects a client that says nothing (a login, a tunnel)', async () => {
    const host = await fakeHost();

    expect((await call(host, 'human', undefined)).code).toBe(2);
  });

  it('runs nothing of 200 hostile requests sent through the entry point', { timeout: 180_000 }, async () => {
    const host = await fakeHost();
    const canary = host.path('canary');
    const attempts = [
      `;touch ${canary}`, `$(touch ${canary})`, `\`touch ${canary}\``, `|touch ${canary}`, `&&touch ${canary}`, `\ntouch ${canary}\n`,
      `() { :; }; touch ${canary}`, `a[$(touch ${canary})]`, `op=$(touch ${canary})`, `%s;touch ${canary}`,
    ]; // prettier-ignore
    const requests = [
      ...attempts.flatMap((attempt) => [attempt, `status${attempt}`, `status ${attempt}`, `stop${attempt}`]),
      ...inputs(600, 7).filter((input) => expected(input) === 'rejected' && !input.includes('\0')),
    ].slice(0, 200);

    for (const request of requests) expect((await call(host, 'human', request)).code, JSON.stringify(request)).toBe(2);

    expect(existsSync(canary)).toBe(false);
    expect(host.power()).toEqual([]);
    expect(readdirSync(host.path('state/ops'))).toEqual([]);
    const log = host.read('log');
    expect(log.split('\n').filter((line) => line.includes('rejected')).length).toBe(200);
    expect(log).not.toContain('canary');
  });

  it('takes nothing else from the environment: no BASH_ENV, function, PATH or loader setting of the client matters', async () => {
    const host = await fakeHost();
    host.write(`touch ${host.path('canary')}\n`, 'evil.sh');
    const env = {
      BASH_ENV: host.path('evil.sh'),
      ENV: host.path('evil.sh'),
      'BASH_FUNC_flock%%': `() { touch ${host.path('canary')}; }`,
      'BASH_FUNC_timeout%%': `() { touch ${host.path('canary')}; }`,
      PATH: host.path('machine'),
      SHELLOPTS: 'xtrace',
      PS4: `$(touch ${host.path('canary')})`,
      PERL5OPT: '-Mevil',
      PERL5LIB: host.path('machine'),
      CFG: 'x',
      IDENTITY: 'human',
      MODE: 'human',
    };

    const { code, stdout } = await call(host, 'ro', 'stop', env);

    expect(existsSync(host.path('canary'))).toBe(false);
    expect({ code, reason: (JSON.parse(stdout) as { reason: string }).reason }).toEqual({
      code: 4,
      reason: 'identity',
    });
  });
});
