import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer as createTcp, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isPublicAddress } from './address.ts';
import { createBwrapSandbox } from './bwrap.ts';
import { DEFAULT_LIMITS } from './environment.ts';
import { openProxy, type Proxy, type Refusal } from './proxy.ts';

let dir: string;
let registry: Server;
let port: number;
let asked: string[];
let refusals: Refusal[];
let open: Proxy[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-proxy-'));
  asked = [];
  refusals = [];
  open = [];
  registry = createServer((message, answer) => {
    asked.push(`${message.method} ${message.headers.host} ${message.url}`);
    answer.end('a package');
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  port = (registry.address() as AddressInfo).port;
});
afterEach(async () => {
  for (const proxy of open) await proxy.close();
  await new Promise((resolve) => registry.close(resolve));
  rmSync(dir, { recursive: true, force: true });
});

/** Our registry stands on loopback and on a port of its own, which the real rules would refuse. */
async function openOn(more: Partial<Parameters<typeof openProxy>[0]> = {}): Promise<Proxy> {
  const proxy = await openProxy({
    socketDir: dir,
    hosts: ['registry.example'],
    upstream: null,
    onRefusal: (refusal) => refusals.push(refusal),
    resolve: async () => '127.0.0.1',
    mayReach: () => true,
    ports: [port],
    ...more,
  });
  open.push(proxy);
  return proxy;
}

function fetchThrough(proxy: Proxy, url: string, method = 'GET'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { socketPath: proxy.socket, path: url, method, headers: { host: new URL(url).host } },
      (answer) => {
        void readAll(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject);
      },
    );
    asking.once('error', reject);
    asking.end();
  });
}

async function readAll(message: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of message.setEncoding('utf8')) body += String(chunk);
  return body;
}

/** Sends a CONNECT, then whatever goes through the tunnel; answers with all that came back. */
function tunnelThrough(proxy: Proxy, target: string, then: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(proxy.socket, () => socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`));
    let all = '';
    let sent = false;
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      all += chunk;
      if (!sent && all.includes(' 200 ')) socket.write(then);
      sent ||= all.includes(' 200 ');
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(all));
  });
}

test('a host of the contract is fetched from and tunnelled to', async () => {
  const proxy = await openOn();
  expect(await fetchThrough(proxy, `http://registry.example:${port}/left-pad`)).toEqual({
    status: 200,
    body: 'a package',
  });
  const through = await tunnelThrough(
    proxy,
    `registry.example:${port}`,
    'GET /tunnel HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n\r\n',
  );
  expect(through).toContain('a package');
  expect(asked).toEqual([`GET registry.example:${port} /left-pad`, 'GET inner /tunnel']);
  expect(refusals).toEqual([]);
});

test('another host, another port, a part of an allowed name, and a method that writes are refused and told', async () => {
  const proxy = await openOn();
  expect(await fetchThrough(proxy, `http://evil.example:${port}/`)).toMatchObject({ status: 403 });
  expect((await fetchThrough(proxy, 'http://registry.example:22/')).body).toContain(`only ports ${port} are open`);
  expect(await tunnelThrough(proxy, `x.registry.example:${port}`, '')).toContain('403 Forbidden');
  expect(await tunnelThrough(proxy, `registry.example.evil.example:${port}`, '')).toContain(
    'not among the hosts of the contract',
  );
  expect((await fetchThrough(proxy, `http://registry.example:${port}/`, 'POST')).body).toContain('only GET and HEAD');
  expect(await tunnelThrough(proxy, 'nonsense', '')).toContain('CONNECT wants host:port');
  expect(refusals.map((refusal) => refusal.target)).toEqual([
    `evil.example:${port}`,
    'registry.example:22',
    `x.registry.example:${port}`,
    `registry.example.evil.example:${port}`,
    `registry.example:${port}`,
  ]);
  expect(asked).toEqual([]);
});

test('an allowed name that leads to this host or its network is refused after resolving it', async () => {
  for (const address of ['127.0.0.1', '10.1.2.3', '169.254.169.254', '::1', '::ffff:127.0.0.1', 'fd00::1']) {
    const proxy = await openOn({ resolve: async () => address, mayReach: isPublicAddress });
    const answer = await fetchThrough(proxy, `http://registry.example:${port}/`);
    expect(answer).toMatchObject({ status: 403 });
    expect(answer.body).toContain(`resolves to ${address}`);
  }
  expect(asked).toEqual([]);
  expect(['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'].map(isPublicAddress)).toEqual([true, true]);
});

test('a host that does not answer is a 502, not a refusal', async () => {
  const proxy = await openOn({ ports: [1] });
  expect(await fetchThrough(proxy, 'http://registry.example:1/')).toMatchObject({ status: 502 });
  expect(await tunnelThrough(proxy, 'registry.example:1', '')).toContain('502 Bad Gateway');
  const unknown = await openOn({ resolve: () => Promise.reject(new Error('ENOTFOUND registry.example')) });
  expect((await fetchThrough(unknown, `http://registry.example:${port}/`)).body).toContain('ENOTFOUND');
});

test('behind an upstream proxy the allowed names go to it, and the others still nowhere', async () => {
  const upstream = await openOn();
  // The upstream on TCP, as in a company network; it is one of ours, in front of the same registry.
  const tcp = createTcp((socket) => void socket.pipe(connect(upstream.socket)).pipe(socket));
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  try {
    const proxy = await openOn({ upstream: `127.0.0.1:${(tcp.address() as AddressInfo).port}` });
    expect(await fetchThrough(proxy, `http://registry.example:${port}/up`)).toEqual({ status: 200, body: 'a package' });
    const get = 'GET /tunnel HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n\r\n';
    expect(await tunnelThrough(proxy, `registry.example:${port}`, get)).toContain('a package');
    expect(await fetchThrough(proxy, `http://evil.example:${port}/`)).toMatchObject({ status: 403 });
  } finally {
    await new Promise((resolve) => tcp.close(resolve));
  }
});

test('an upstream proxy gets its login, of which the sandbox learns nothing; names that are direct do not go there', async () => {
  const logins: (string | undefined)[] = [];
  const upstream = createServer((message, answer) => {
    logins.push(message.headers['proxy-authorization']);
    answer.end('by the upstream');
  });
  upstream.on('connect', (message, socket) => {
    logins.push(message.headers['proxy-authorization']);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  try {
    const proxy = await openOn({
      hosts: ['registry.example', 'inner.example'],
      upstream: `127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      upstreamLogin: 'ada:s@cret',
      isDirect: (host) => host === 'inner.example',
    });
    const login = `Basic ${Buffer.from('ada:s@cret').toString('base64')}`;
    expect((await fetchThrough(proxy, `http://registry.example:${port}/up`)).body).toBe('by the upstream');
    expect(await tunnelThrough(proxy, `registry.example:${port}`, '')).toContain('502');
    expect((await fetchThrough(proxy, `http://inner.example:${port}/up`)).body).toBe('a package');
    expect(logins).toEqual([login, login]);
  } finally {
    upstream.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
  }
});

test('a name that may stand for an address that is not public is reached, where it is listed; the others are not', async () => {
  const proxy = await openOn({
    hosts: ['registry.example', 'other.example'],
    privateHosts: ['Registry.example', 'unlisted.example'],
    mayReach: isPublicAddress,
  });
  expect(await fetchThrough(proxy, `http://registry.example:${port}/up`)).toEqual({ status: 200, body: 'a package' });
  for (const host of ['other.example', 'unlisted.example'])
    expect(await fetchThrough(proxy, `http://${host}:${port}/`)).toMatchObject({ status: 403 });
  expect(refusals.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/127\.0\.0\.1, which is not a public address/),
    expect.stringMatching(/^not among the hosts/),
  ]);
});

test('hosts that are admitted when they are asked for need not be listed', async () => {
  const wanted: string[] = [];
  const proxy = await openOn({ admit: (host) => host !== 'evil.example' && wanted.push(host) > 0 });
  expect(await fetchThrough(proxy, `http://New.example:${port}/`)).toMatchObject({ status: 200 });
  expect(await fetchThrough(proxy, `http://evil.example:${port}/`)).toMatchObject({ status: 403 });
  expect(wanted).toEqual(['new.example']);
});

test('a closed proxy leaves no socket behind', async () => {
  const proxy = await openOn();
  await proxy.close();
  open = [];
  expect(readdirSync(dir)).toEqual([]);
});

test('from inside the sandbox the proxy is reached by the usual variables, and nothing else is reached at all', async () => {
  const refused: Refusal[] = [];
  const sandbox = createBwrapSandbox({
    proxySocketDir: join(dir, 'run'),
    onRefusal: (refusal) => refused.push(refusal),
  });
  const python = [
    'import os; print("trust", os.path.exists(os.environ["NODE_EXTRA_CA_CERTS"]))',
    'import urllib.request, urllib.error, socket',
    'try: urllib.request.urlopen("http://evil.example/x")',
    'except urllib.error.HTTPError as error: print(error.code, error.read().decode())',
    'try: urllib.request.urlopen("https://registry.example:8443/x")',
    'except OSError as error: print(error)',
    `try: socket.create_connection(("127.0.0.1", ${port}), 2)`,
    'except OSError as error: print("direct", error)',
  ].join('\n');
  const result = await sandbox.run({
    argv: ['/usr/bin/python3', '-c', python],
    cwd: '/',
    binds: [],
    env: {},
    path: [],
    keepBytes: 10_000,
    hosts: ['registry.example'],
    limits: DEFAULT_LIMITS,
  });
  expect(result).toMatchObject({ end: 'exited', code: 0 });
  expect(result.stdout).toContain('trust True');
  expect(result.stdout).toContain('403 lamplighter');
  expect(result.stdout).toContain('Tunnel connection failed: 403 Forbidden');
  expect(result.stdout).toContain('direct [Errno 111]');
  expect(refused.map((refusal) => refusal.target)).toEqual(['evil.example:80', 'registry.example:8443']);
  expect(asked).toEqual([]);
});
