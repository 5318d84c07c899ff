/** A remote behind a company's proxy: a real little one on loopback, which answers in the remote's place. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkRepos } from './checkup-repos.ts';
import type { Egress } from '../../config/types.ts';
import { createRepoGit } from '../../activities/git/repo-git.ts';

const PASSWORD = 's@cret-pw';

describe('a remote over http', () => {
  const dir = mkdtempSync(join(tmpdir(), 'proxied-remote-'));
  const asked: string[] = [];
  const logins = new Set<string | undefined>();
  const proxy = createServer((message, answer) => {
    asked.push(message.url ?? '');
    logins.add(message.headers['proxy-authorization']);
    // As proxies do: whoever has not said who he is is asked for it.
    const isKnown = message.headers['proxy-authorization'] !== undefined;
    answer.writeHead(isKnown ? 404 : 407, { 'proxy-authenticate': 'Basic realm="out"' }).end();
  });
  let egress: Egress;
  beforeAll(async () => {
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    egress = { proxy: `127.0.0.1:${port}`, login: `ada:${PASSWORD}`, privateHosts: [] };
  });
  afterAll(() => {
    proxy.closeAllConnections();
    proxy.close();
    rmSync(dir, { recursive: true });
  });
  const repo = (remote: string) => ({ key: 'k', name: 'acme/shop', remote, branch: 'main', pushEnv: {} });

  it('is read through the proxy with its login, of which no word stands in what went wrong', async () => {
    const git = createRepoGit({
      repo: repo('http://git.example.invalid/shop.git'),
      dataDir: dir,
      now: Date.now,
      egress,
    });
    const failure = await git.remoteHead().then(
      () => '',
      (error: unknown) => String(error),
    );

    expect(failure).not.toBe('');
    expect(failure).not.toContain('cret-pw');
    expect(asked).toContain('http://git.example.invalid/shop.git/info/refs?service=git-upload-pack');
    expect([...logins]).toContain(`Basic ${Buffer.from(`ada:${PASSWORD}`).toString('base64')}`);
  });

  it('is looked at through the proxy by doctor as well', async () => {
    asked.length = 0;
    const [finding] = await checkRepos(
      [{ ...repo('http://git.example.invalid/other.git'), tracker: { dir } } as never],
      { PATH: process.env['PATH'], HOME: dir },
      egress,
    );

    expect(finding).toMatchObject({ ok: false });
    expect(JSON.stringify(finding)).not.toContain('cret-pw');
    expect(asked[0]).toMatch(/^http:\/\/git\.example\.invalid\/other\.git\/info\/refs/);
  });

  it('of this machine is not', async () => {
    asked.length = 0;
    const git = createRepoGit({ repo: repo('http://127.0.0.1:9/shop.git'), dataDir: dir, now: Date.now, egress });

    await expect(git.remoteHead()).rejects.toThrow();
    expect(asked).toEqual([]);
  });
});
