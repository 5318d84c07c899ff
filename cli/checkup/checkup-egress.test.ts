import { describe, expect, it } from 'vitest';
import { checkEgress } from './checkup-egress.ts';
import { proxyFor, proxyVariables, resolveEgress } from '../../config/egress.ts';
import { knownSecrets } from '../../config/known-secrets.ts';
import { loadConfig } from '../../config/load.ts';

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
    ['GIT.example.org.', 'git.example.org', null],
    ['git.example.org:8443', 'git.example.org', null],
    ['10.0.0.0/8', '10.1.2.3', null],
    ['10.0.0.0/8', '11.1.2.3', 'proxy.example.com:3128'],
    ['10.1.2.3:8080', '10.1.2.3', null],
    ['2.3', '10.1.2.3', 'proxy.example.com:3128'],
    ['[fd00::1]:8080', '[fd00::1]', null],
    ['[fd00::1]', 'fd00:0::1', null],
    ['fd00::/8', 'fd12::9', null],
    ['fd00::/999', 'fd12::9', 'proxy.example.com:3128'],
  ])('NO_PROXY %s and %s', (given, host, proxy) => {
    const egress = resolveEgress(undefined, {
      HTTPS_PROXY: 'http://proxy.example.com:3128',
      NO_PROXY: `x.test, ${given}`,
    });
    expect(proxyFor(egress, host)).toBe(proxy);
  });

  it('an empty NO_PROXY does not hide a no_proxy that is there', () => {
    const env = { HTTPS_PROXY: 'http://proxy.example.com:3128', NO_PROXY: '', no_proxy: 'git.example.org' };
    expect(proxyFor(resolveEgress(undefined, env), 'git.example.org')).toBe(null);
  });

  it('programs that read no_proxy are told names with what is below them, ranges as they are, and no ports', () => {
    const env = { HTTPS_PROXY: 'http://proxy.example.com:3128', NO_PROXY: 'git.test:8443 10.0.0.0/8,[fd00::1]:80' };
    const said = proxyVariables(resolveEgress(undefined, env))['no_proxy']?.split(',');
    expect(said?.slice(-4)).toEqual(['git.test', '.git.test', '10.0.0.0/8', 'fd00::1']);
  });

  it("a password with a percent sign that nobody escaped is the proxy's password, and no error", () => {
    const egress = resolveEgress(undefined, { HTTPS_PROXY: 'http://ada:50%off@proxy.example.org:3128' });
    expect(egress.login).toBe('ada:50%off');
    expect(proxyVariables(egress)['https_proxy']).toBe('http://ada:50%25off@proxy.example.org:3128');
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
