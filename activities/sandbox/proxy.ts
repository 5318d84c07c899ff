/**
 * The only way out of a sandbox: an HTTP proxy of one command, on a Unix socket, that knows the hosts of the contract.
 * It tunnels (CONNECT to 443) and fetches (GET and HEAD, to 80); everything else is refused, with the reason in the answer.
 */
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { isPublicAddress } from './address.ts';

export interface Refusal {
  /** As asked for: `host:port`. */
  readonly target: string;
  readonly reason: string;
  /** What the name stands for, where only that is the reason: the name itself may be reached. */
  readonly address?: string;
}

export interface ProxyDeps {
  readonly socketDir: string;
  /** Exact host names. */
  readonly hosts: readonly string[];
  /** Asked about each host that is not listed: `init` learns so what a setup wants. Absent: none is let through. */
  readonly admit?: (host: string) => boolean;
  /** Names that may stand for an address that is not public, such as a company's own package server. They must be among `hosts` too. */
  readonly privateHosts?: readonly string[];
  /** `host:port` of another HTTP proxy that all goes through; null for none. It then resolves the names. */
  readonly upstream: string | null;
  readonly onRefusal: (refusal: Refusal) => void;
  readonly resolve?: (host: string) => Promise<string>;
  readonly mayReach?: (address: string) => boolean;
  readonly ports?: readonly number[];
}

export interface Proxy {
  readonly socket: string;
  close(): Promise<void>;
}

interface Route {
  readonly address: string;
  readonly port: number;
}

const CONNECT_MS = 20_000;
/** A Unix socket's path has 108 bytes with its end mark. */
const LONGEST_SOCKET_PATH = 107;
const HOP_BY_HOP = new Set([
  'connection',
  'proxy-connection',
  'proxy-authorization',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'transfer-encoding',
]);

export async function openProxy(deps: ProxyDeps): Promise<Proxy> {
  const route = createRouting(deps);
  const open = new Set<Duplex>();
  const track = <S extends Duplex>(stream: S): S => {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
    // A broken connection ends the one exchange it belonged to; whoever asked sees it end.
    stream.on('error', () => stream.destroy());
    return stream;
  };

  const server = createServer((asked, answer) => void fetchFor(asked, answer, deps, route));
  server.on('connection', track);
  server.on(
    'connect',
    (asked: IncomingMessage, client: Duplex, head: Buffer) => void tunnel({ asked, client, head, deps, route, track }),
  );
  server.on('clientError', (_error, socket) => socket.destroy());

  const { socket, remove } = await socketPath(deps.socketDir);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  return {
    socket,
    async close() {
      for (const stream of open) stream.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await remove();
    },
  };
}

/** Answers where to connect for an allowed target, or throws a Refused with the reason. */
function createRouting(deps: ProxyDeps) {
  const hosts = new Set(deps.hosts.map((host) => host.toLowerCase()));
  const privateHosts = new Set((deps.privateHosts ?? []).map((host) => host.toLowerCase()));
  const ports = deps.ports ?? [80, 443];
  const mayReach = deps.mayReach ?? isPublicAddress;
  const resolve = deps.resolve ?? (async (host: string) => (await lookup(host)).address);

  return async function route(host: string, port: number): Promise<Route> {
    const target = `${host}:${port}`;
    const refuse = (reason: string, address?: string): never => {
      deps.onRefusal({ target, reason, ...(address === undefined ? {} : { address }) });
      throw new Refused(`${target}: ${reason}`);
    };
    const name = host.toLowerCase();
    if (!hosts.has(name) && deps.admit?.(name) !== true)
      refuse(`not among the hosts of the contract (${[...hosts].join(', ')})`);
    if (!ports.includes(port)) refuse(`only ports ${ports.join(' and ')} are open`);
    if (deps.upstream !== null)
      return parseTarget(deps.upstream) ?? refuse(`the upstream proxy ${deps.upstream} is not host:port`);
    const address = await resolve(host);
    if (!privateHosts.has(name) && !mayReach(address))
      refuse(
        `resolves to ${address}, which is not a public address (egress.privateHosts in lamplighter.yaml may name it)`,
        address,
      );
    return { address, port };
  };
}

class Refused extends Error {}

interface Tunnel {
  readonly asked: IncomingMessage;
  readonly client: Duplex;
  readonly head: Buffer;
  readonly deps: ProxyDeps;
  readonly route: (host: string, port: number) => Promise<Route>;
  readonly track: <S extends Duplex>(stream: S) => S;
}

async function tunnel({ asked, client, head, deps, route, track }: Tunnel): Promise<void> {
  const target = parseTarget(asked.url ?? '');
  try {
    if (target === null) throw new Refused(`${asked.url}: CONNECT wants host:port`);
    const { address, port } = await route(target.address, target.port);
    const far = track(await dial(address, port));
    if (deps.upstream === null) client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    else
      far.write(`CONNECT ${target.address}:${target.port} HTTP/1.1\r\nHost: ${target.address}:${target.port}\r\n\r\n`);
    if (head.length > 0) far.write(head);
    far.pipe(client);
    client.pipe(far);
    // Either end gone means the other has nobody to talk to.
    far.once('close', () => client.destroy());
    client.once('close', () => far.destroy());
  } catch (error) {
    const { status, text } = answerFor(error);
    client.end(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    );
  }
}

async function fetchFor(
  asked: IncomingMessage,
  answer: ServerResponse,
  deps: ProxyDeps,
  route: (host: string, port: number) => Promise<Route>,
): Promise<void> {
  try {
    const url = URL.parse(asked.url ?? '');
    if (url === null || url.protocol !== 'http:')
      throw new Refused(`${asked.url}: a proxy is asked for whole http:// addresses`);
    if (asked.method !== 'GET' && asked.method !== 'HEAD') {
      deps.onRefusal({ target: url.host, reason: `method ${asked.method}` });
      throw new Refused(`${asked.method} ${url.host}: only GET and HEAD are let through`);
    }
    const port = Number(url.port || 80);
    const { address, port: routePort } = await route(url.hostname, port);
    const headers = Object.entries(asked.headers).filter(([name]) => !HOP_BY_HOP.has(name) && name !== 'host');
    const far = request({
      host: address,
      port: routePort,
      method: asked.method,
      path: deps.upstream === null ? `${url.pathname}${url.search}` : url.href,
      headers: { ...Object.fromEntries(headers), host: url.host, connection: 'close' },
      agent: false,
      timeout: CONNECT_MS,
    });
    far.once('timeout', () => far.destroy(new Error('no answer in time')));
    far.once('error', (error) => sayFailure(answer, error));
    far.once('response', (response) => {
      const back = Object.entries(response.headers).filter(([name]) => !HOP_BY_HOP.has(name));
      answer.writeHead(response.statusCode ?? 502, Object.fromEntries(back));
      response.pipe(answer);
      response.once('error', () => answer.destroy());
    });
    answer.once('close', () => far.destroy());
    far.end();
  } catch (error) {
    sayFailure(answer, error);
  }
}

function sayFailure(answer: ServerResponse, error: unknown): void {
  if (answer.headersSent) {
    answer.destroy();
    return;
  }
  const { status, text } = answerFor(error);
  answer.writeHead(Number(status.slice(0, 3)), { 'content-type': 'text/plain' }).end(text);
}

function answerFor(error: unknown): { readonly status: string; readonly text: string } {
  const words = error instanceof Error ? error.message : String(error);
  if (error instanceof Refused) return { status: '403 Forbidden', text: `lamplighter's sandbox refused ${words}\n` };
  return { status: '502 Bad Gateway', text: `lamplighter's proxy could not get through: ${words}\n` };
}

function dial(address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error(`${address}:${port} did not answer in time`)));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function parseTarget(target: string): Route | null {
  const match = /^(\[[0-9a-f:.]+\]|[^:/\s]+):(\d{1,5})$/i.exec(target);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { address: match[1].replaceAll(/[[\]]/g, ''), port: Number(match[2]) };
}

async function socketPath(dir: string): Promise<{ socket: string; remove: () => Promise<void> }> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const socket = join(dir, `p-${randomBytes(6).toString('hex')}.sock`);
  if (Buffer.byteLength(socket) <= LONGEST_SOCKET_PATH) return { socket, remove: () => rm(socket, { force: true }) };
  const short = await mkdtemp(join(tmpdir(), 'lamplighter-proxy-'));
  return { socket: join(short, 'p.sock'), remove: () => rm(short, { recursive: true, force: true }) };
}
