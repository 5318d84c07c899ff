/**
 * The only way out of a sandbox: an HTTP proxy of one command, on a Unix socket, that knows the hosts of the contract.
 * It tunnels (CONNECT to 443) and fetches (GET and HEAD, to 80); everything else is refused, with the reason in the answer.
 */
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { isPublicAddress } from './address.ts';
import { boundOfProcess, type Bound } from './connections.ts';
import {
  fetchFor,
  IDLE_MS,
  parseTarget,
  Refused,
  sayOn,
  tunnel,
  type Answer,
  type ExchangeDeps,
  type Route,
} from './exchange.ts';

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
  /** `user:password` for that one; absent or null: it asks for none. */
  readonly upstreamLogin?: string | null;
  /** Hosts that are reached without it; absent: none. */
  readonly isDirect?: (host: string) => boolean;
  readonly onRefusal: (refusal: Refusal) => void;
  readonly resolve?: (host: string) => Promise<string>;
  readonly mayReach?: (address: string) => boolean;
  readonly ports?: readonly number[];
  /** Of its connections; what one command may hold by itself when absent. */
  readonly bound?: Bound;
}

export interface Proxy {
  readonly socket: string;
  close(): Promise<void>;
}

/** From a connection's start to the end of its request's head. */
const HEAD_MS = 20_000;
/** A Unix socket's path has 108 bytes with its end mark. */
const LONGEST_SOCKET_PATH = 107;

export async function openProxy(deps: ProxyDeps): Promise<Proxy> {
  const open = new Set<Duplex>();
  const track = <S extends Duplex>(stream: S): S => {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
    // A broken connection ends the one exchange it belonged to; whoever asked sees it end.
    stream.on('error', () => stream.destroy());
    return stream;
  };
  const server = createFront(deps, track);
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

/** Lets in as many connections as are allowed, one exchange each, and hands them to an HTTP server that listens nowhere itself. */
function createFront(deps: ProxyDeps, track: ExchangeDeps['track']): Server {
  const bound = deps.bound ?? boundOfProcess().ofCommand();
  /** By connection: marks its one exchange as begun; null once it has. */
  const begins = new WeakMap<Duplex, (exchange: Promise<void>) => void>();
  const begin = (client: Duplex, exchange: () => Promise<void>): void => {
    const begun = begins.get(client);
    begins.delete(client);
    if (begun === undefined) client.destroy();
    else begun(exchange());
  };

  const exchanges: ExchangeDeps = {
    route: createRouting(deps),
    onMethod: (target, method) => deps.onRefusal({ target, reason: `method ${method}` }),
    track,
  };
  const http = createHttp();
  http.on('request', (asked, answer) => begin(asked.socket, () => fetchFor(exchanges, asked, answer)));
  http.on('connect', (asked, client, head) => begin(client, () => tunnel(exchanges, { asked, client, head })));
  http.on('clientError', (error, client) => sayOn(client, unreadable(error)));

  return createServer({ allowHalfOpen: true }, (client) => {
    track(client);
    const leave = bound.enter();
    if (leave === null) {
      sayOn(client, TOO_MANY);
      return;
    }
    const silence = setTimeout(() => sayOn(client, TOO_SLOW), HEAD_MS);
    const closed = new Promise<void>((resolve) => client.once('close', resolve));
    let exchange = Promise.resolve();
    begins.set(client, (begun) => {
      clearTimeout(silence);
      exchange = begun;
    });
    // Its place is free when both are over: a client that is gone may have left a far side behind that is still dialled.
    void closed.then(() => {
      clearTimeout(silence);
      void exchange.then(leave);
    });
    client.setTimeout(IDLE_MS, () => client.destroy());
    http.emit('connection', client);
  });
}

const TOO_MANY: Answer = {
  status: '503 Service Unavailable',
  text: "lamplighter's proxy holds as many connections as it may: close some, and ask again\n",
};
const TOO_SLOW: Answer = { status: '408 Request Timeout', text: "lamplighter's proxy waited too long for a request\n" };

function unreadable(error: Error): Answer {
  const status =
    'code' in error && error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  return { status, text: `lamplighter's proxy cannot read the request: ${error.message}\n` };
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
    if (deps.upstream !== null && deps.isDirect?.(name) !== true) {
      const at = parseTarget(deps.upstream) ?? refuse(`the upstream proxy ${deps.upstream} is not host:port`);
      return { ...at, proxy: { authorization: deps.upstreamLogin == null ? null : basic(deps.upstreamLogin) } };
    }
    const address = await resolve(host);
    if (!privateHosts.has(name) && !mayReach(address))
      refuse(
        `resolves to ${address}, which is not a public address (egress.privateHosts in lamplighter.yaml may name it)`,
        address,
      );
    return { address, port, proxy: null };
  };
}

function basic(login: string): string {
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

async function socketPath(dir: string): Promise<{ socket: string; remove: () => Promise<void> }> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const socket = join(dir, `p-${randomBytes(6).toString('hex')}.sock`);
  if (Buffer.byteLength(socket) <= LONGEST_SOCKET_PATH) return { socket, remove: () => rm(socket, { force: true }) };
  const short = await mkdtemp(join(tmpdir(), 'lamplighter-proxy-'));
  return { socket: join(short, 'p.sock'), remove: () => rm(short, { recursive: true, force: true }) };
}
