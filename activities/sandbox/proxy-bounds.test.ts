/** What one command may take of the worker through its proxy, and what a far side may do to it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { exec } from '../exec/exec.ts';
import { boundOf, boundOfProcess } from './connections.ts';
import { DEFAULT_LIMITS } from './environment.ts';
import { openProxy, type Proxy } from './proxy.ts';

let dir: string;
let far: Server;
let port: number;
let arrived: Socket[];
/** What the far side says to each connection as soon as it has asked something; null: nothing. */
let says: string | null;
let open: Proxy[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-bounds-'));
  arrived = [];
  open = [];
  says = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  far = createServer((socket) => {
    arrived.push(socket);
    socket.on('error', () => undefined).once('data', () => void (says === null ? undefined : socket.end(says)));
  });
  await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
  port = (far.address() as AddressInfo).port;
});
afterEach(async () => {
  for (const proxy of open) await proxy.close();
  for (const socket of arrived) socket.destroy();
  await new Promise((resolve) => far.close(resolve));
  rmSync(dir, { recursive: true, force: true });
});

async function openOn(more: Partial<Parameters<typeof openProxy>[0]> = {}): Promise<Proxy> {
  const proxy = await openProxy({
    socketDir: dir,
    hosts: ['registry.example'],
    upstream: null,
    onRefusal: () => undefined,
    resolve: async () => '127.0.0.1',
    mayReach: () => true,
    ports: [port],
    ...more,
  });
  open.push(proxy);
  return proxy;
}

/** The answer's status and body; rejects where the connection ends without one. */
function ask(proxy: Proxy, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  const path = `http://registry.example:${port}/a`;
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: proxy.socket, path, headers, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
      answer.on('error', reject);
    });
    asking.on('error', reject).end();
  });
}

/** A connection that says `words`, and all that comes back on it. */
function hold(proxy: Proxy, words = ''): { readonly socket: Socket; readonly heard: () => string } {
  let heard = '';
  const socket = connect(proxy.socket, () => void socket.write(words));
  socket.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
  socket.on('error', () => undefined);
  return { socket, heard: () => heard };
}

describe('the proxy', () => {
  test('holds so many connections and refuses more in words, until some are closed', async () => {
    const proxy = await openOn({ bound: boundOf(3) });
    const held = [hold(proxy), hold(proxy), hold(proxy)];
    for (const { socket } of held) await new Promise((resolve) => socket.once('connect', resolve));

    const refused = hold(proxy, 'GET / HTTP/1.1\r\n\r\n');
    await vi.waitFor(() => expect(refused.heard()).toMatch(/^HTTP\/1\.1 503 .*holds as many connections as it may/s));
    for (const { socket } of held) socket.destroy();

    await vi.waitFor(async () => expect(await ask(proxy)).toEqual({ status: 200, body: 'ok' }));
  });

  test('counts all commands together: one alone can never take every place', async () => {
    const all = boundOfProcess(64);
    const greedy = all.ofCommand();
    const places = Array.from({ length: 100 }, () => greedy.enter()).filter((leave) => leave !== null);
    expect(places.length).toBe(4);

    const other = all.ofCommand();
    expect(Array.from({ length: 100 }, () => other.enter()).filter((leave) => leave !== null)).toHaveLength(4);
    expect(all.ofCommand().enter()).toBeNull();
    places[0]?.();
    places[0]?.();
    expect([all.ofCommand().enter(), all.ofCommand().enter()]).toEqual([expect.any(Function), null]);
  });

  test('gives a place back when an exchange is over, however it ended', async () => {
    const proxy = await openOn({ bound: boundOf(1) });
    says = null;
    for (let round = 0; round < 5; round += 1) {
      const tunnel = hold(proxy, `CONNECT registry.example:${port} HTTP/1.1\r\n\r\n`);
      await vi.waitFor(() => expect(tunnel.heard()).toContain(' 200 '));
      tunnel.socket.destroy();
      await vi.waitFor(() => expect(arrived.at(-1)?.destroyed).toBe(true));
      const fetched = ask(proxy);
      await vi.waitFor(() => expect(arrived).toHaveLength(2 * round + 2));
      arrived.at(-1)?.destroy();
      expect(await fetched).toMatchObject({ status: 502 });
    }
  });

  test.each([
    ['tunnel', (to: number) => `CONNECT registry.example:${to} HTTP/1.1\r\n\r\n`],
    ['fetch', (to: number) => `GET http://registry.example:${to}/ HTTP/1.1\r\nHost: a\r\n\r\n`],
  ])('opens nothing to the far side for a client that has gone meanwhile: a %s', async (_, words) => {
    const names: ((address: string) => void)[] = [];
    const resolve = (): Promise<string> => new Promise((resolved) => names.push(resolved));
    const proxy = await openOn({ resolve, bound: boundOf(1) });
    const client = hold(proxy, words(port));
    await vi.waitFor(() => expect(names).toHaveLength(1));
    client.socket.destroy();

    // Its name is still being looked up, so its place is taken.
    expect(await ask(proxy)).toMatchObject({ status: 503 });
    names[0]?.('127.0.0.1');
    const asked = vi.waitFor(async () => expect(await ask(proxy)).toEqual({ status: 200, body: 'ok' }), 10_000);
    await vi.waitFor(() => expect(names).toHaveLength(2));
    names[1]?.('127.0.0.1');
    await asked;

    await vi.waitFor(() => expect(arrived.filter((socket) => !socket.destroyed)).toHaveLength(0));
  });

  test('serves one exchange a connection: what is pipelined behind it opens nothing', async () => {
    const proxy = await openOn();
    says = null;
    const one = `GET http://registry.example:${port}/ HTTP/1.1\r\nHost: a\r\n\r\n`;
    const client = hold(proxy, one.repeat(50));

    await new Promise((resolve) => client.socket.once('close', resolve));

    expect(arrived.length).toBeLessThan(2);
  });

  test.each(['042', '000', '099', '199', '600', '999'])('says 502 for the status %s of a far side', async (status) => {
    says = `HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`;
    const proxy = await openOn();

    // The parser takes those below 200 for the announcement of an answer, which then never comes.
    expect(await ask(proxy)).toMatchObject({ status: 502 });
    says = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    expect(await ask(proxy)).toEqual({ status: 200, body: 'ok' });
  });

  test.each([
    ['a status of four digits', 'HTTP/1.1 1000 X\r\n\r\n'],
    ['a protocol of its own', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['a header longer than 16 KiB', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
    ['thousands of headers', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(20_000)}\r\n`],
    ['a header with a control code', 'HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 0\r\n\r\n'],
    ['a header whose name is none', 'HTTP/1.1 200 OK\r\nX y: a\r\nContent-Length: 0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['nothing', ''],
  ])('says 502 for a far side that answers with %s', async (_, words) => {
    says = words;
    const proxy = await openOn();

    expect(await ask(proxy)).toMatchObject({ status: 502 });
    says = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    expect(await ask(proxy)).toEqual({ status: 200, body: 'ok' });
  });

  test('refuses a request that cannot be read or is too long in words', async () => {
    const proxy = await openOn();

    expect(await ask(proxy, { x: 'x'.repeat(70_000) })).toMatchObject({ status: 431 });
    const nonsense = hold(proxy, 'nonsense\r\n\r\n');
    await vi.waitFor(() => expect(nonsense.heard()).toContain('400 Bad Request'));
  });

  test('a command that holds thousands of connections leaves the worker serving the others', async () => {
    const command = {
      cwd: '/',
      env: {},
      path: [],
      keepBytes: 10_000,
      limits: { ...DEFAULT_LIMITS, wallMs: 60_000 },
      binds: [{ from: dir, mode: 'rw' }],
    };
    const greedy = [
      'import socket, time, resource, os',
      'most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]',
      'resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))',
      'held = []',
      'for _ in range(min(most - 50, 3000)):',
      '  one = socket.socket(socket.AF_UNIX); one.connect("/run/proxy.sock"); held.append(one)',
      `open("${dir}/held", "w").write(str(len(held)))`,
      `while not os.path.exists("${dir}/go"): time.sleep(0.05)`,
    ].join('\n');
    const worker = join(dir, 'worker.mjs');
    writeFileSync(
      worker,
      `import { existsSync, writeFileSync } from 'node:fs';
       import { createBwrapSandbox } from ${JSON.stringify(new URL('bwrap.ts', import.meta.url).href)};
       const sandbox = createBwrapSandbox({ proxySocketDir: ${JSON.stringify(join(dir, 'run'))} });
       const command = ${JSON.stringify(command)};
       const greedy = sandbox.run({ ...command, argv: ['/usr/bin/python3', '-c', ${JSON.stringify(greedy)}], hosts: ['registry.example'] });
       while (!existsSync(${JSON.stringify(join(dir, 'held'))})) await new Promise((resolve) => setTimeout(resolve, 50));
       const other = await sandbox.run({ ...command, argv: ['/bin/sh', '-c', 'echo served'], hosts: ['registry.example'] });
       writeFileSync(${JSON.stringify(join(dir, 'go'))}, '');
       console.log(other.stdout.trim(), (await greedy).code);`,
    );

    const ran = await exec(['/bin/sh', '-c', 'ulimit -n 1024; exec "$0" "$1"', process.execPath, worker], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      wallMs: 90_000,
      keepBytes: 10_000,
    });

    expect(ran).toMatchObject({ end: 'exited', code: 0, stdout: 'served 0\n' });
  }, 100_000);
});
