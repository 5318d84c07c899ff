import { describe, expect, it } from 'vitest';
import { checkEgress } from './checkup-egress.ts';
import { proxyFor, proxyVariables, resolveEgress } from '../config/egress.ts';
import { knownSecrets } from '../config/known-secrets.ts';
import { loadConfig } from '../config/load.ts';

const PORTS = { api: 1, temporal: 2, temporalUi: 3, model: 4 };

describe('the way out', () => {
  it.each([
    ['nothing says otherwise', undefined, {}, null],
    [
      'the environment names one',
      undefined,
      { HTTPS_PROXY: 'http://proxy.example.org:3128' },
      'proxy.example.org:3128',
    ],
    [
      'only HTTP_PROXY is there, in small letters and without http://',
      undefined,
      { http_proxy: 'proxy.example.org:3128' },
      'proxy.example.org:3128',
    ],
    [
      'the file names another',
      { proxy: 'other.example.org:8080' },
      { HTTPS_PROXY: 'http://proxy.example.org:3128' },
      'other.example.org:8080',
    ],
    ['the file says none', { proxy: 'none' }, { HTTPS_PROXY: 'http://proxy.example.org:3128' }, null],
    [
      'the environment names what is no HTTP proxy',
      undefined,
      { HTTPS_PROXY: 'socks5://proxy.example.org:1080' },
      null,
    ],
  ])('where %s', (_where, given, env, proxy) => {
    expect(proxyFor(resolveEgress(given, env), 'example.com')).toBe(proxy);
  });

  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]', 'LOCALHOST'])(
    'never leads to %s, which is this machine',
    (host) => {
      const egress = resolveEgress(undefined, { HTTPS_PROXY: 'http://proxy.example.org:3128' });
      expect(proxyFor(egress, host)).toBe(null);
      expect(proxyVariables(egress)['no_proxy']?.split(',')).toEqual(
        expect.arrayContaining(['127.0.0.1', 'localhost', '::1']),
      );
    },
  );

  it.each([
    ['git.example.org', 'git.example.org', null],
    ['git.example.org', 'a.git.example.org', null],
    ['.example.org', 'git.example.org', null],
    ['*.example.org', 'git.example.org', null],
    ['*', 'anything.test', null],
    ['example.org', 'notexample.org', 'proxy.example.com:3128'],
  ])('NO_PROXY %s and %s', (given, host, proxy) => {
    const egress = resolveEgress(undefined, {
      HTTPS_PROXY: 'http://proxy.example.com:3128',
      NO_PROXY: `x.test, ${given}`,
    });
    expect(proxyFor(egress, host)).toBe(proxy);
  });

  it("a proxy's password is a known secret, goes into variables alone, and doctor does not say it", () => {
    const env = { HTTPS_PROXY: 'http://ada:s%40cret-pw@proxy.example.org:3128' };
    const config = loadConfig({ file: null, dataDir: '/tmp/none', env, ports: PORTS });

    expect(knownSecrets(config, null).map(({ value }) => value)).toEqual(
      expect.arrayContaining(['s@cret-pw', 's%40cret-pw']),
    );
    expect(proxyVariables(config.egress)['https_proxy']).toBe('http://ada:s%40cret-pw@proxy.example.org:3128');
    expect(JSON.stringify(checkEgress(config, env))).not.toMatch(/cret/);
  });
});

describe('doctor', () => {
  const repos = [
    { name: 'acme/a', remote: 'https://git.example.org/a.git' },
    { name: 'acme/b', remote: 'git@git.example.org:b.git' },
  ];

  it('says which proxy model, remotes and sandboxes each use, and who said so', () => {
    const env = { HTTPS_PROXY: 'http://proxy.example.org:3128' };
    const config = loadConfig({
      file: null,
      dataDir: '/tmp/none',
      env: { ...env, ANTHROPIC_API_KEY: 'k' },
      ports: PORTS,
    });
    const findings = checkEgress(
      { ...config, repos: repos.map((repo) => ({ ...config.repos[0], ...repo })) as never },
      env,
    );

    expect(Object.fromEntries(findings.map(({ name, detail }) => [name, detail]))).toEqual({
      'way out: model': 'api.anthropic.com through proxy.example.org:3128 (HTTPS_PROXY)',
      'way out: remotes':
        'acme/a through proxy.example.org:3128 (HTTPS_PROXY), acme/b directly (git takes a proxy for http and https alone)',
      'way out: sandboxes': 'what contracts list under network through proxy.example.org:3128 (HTTPS_PROXY)',
    });
  });

  it('names a proxy in the environment that cannot be used', () => {
    const env = { HTTPS_PROXY: 'socks5://proxy.example.org:1080' };
    const config = loadConfig({ file: null, dataDir: '/tmp/none', env, ports: PORTS });
    expect(checkEgress(config, env)).toContainEqual(
      expect.objectContaining({ ok: false, detail: 'HTTPS_PROXY does not name a proxy over http://, and is not used' }),
    );
  });
});
