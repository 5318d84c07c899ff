/** Facts 5.8: metacharacters, newline, unicode, extra arguments, huge input, empty, case, environment injection; no shell ever sees it. */
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { call } from './call.ts';
import { fakeHost } from './fake-host.ts';
import { expectOneReading, seedOfFuzz } from './grammar-fuzz.ts';
import { expected, inputs } from './inputs.ts';

describe('5.8: the grammar', () => {
  it('rejects or understands 10,000 inputs exactly as a second reading of it does', { timeout: 120_000 }, () => {
    expectOneReading(10_000, seedOfFuzz());
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
