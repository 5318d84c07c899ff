/** One exchange through the proxy: a fetch or a tunnel. Whatever either side sends, it ends in an answer or in a closed connection. */
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Route {
  readonly address: string;
  readonly port: number;
  /** Another HTTP proxy is there, and is told the target; null: the target itself is. */
  readonly proxy: { readonly authorization: string | null } | null;
}

/** Why something is not let through, for whoever asked for it. */
export class Refused extends Error {}

export interface ExchangeDeps {
  /** Answers where to connect for an allowed target, or throws a Refused with the reason. */
  readonly route: (host: string, port: number) => Promise<Route>;
  readonly onMethod: (host: string, method: string) => void;
  /** Closed with the proxy, at the latest. */
  readonly track: <S extends Duplex>(stream: S) => S;
}

const CONNECT_MS = 20_000;
/** Not a byte for so long in either direction: nobody is at the other end any more. */
export const IDLE_MS = 10 * 60_000;
/** For the connection, not for who is at its end; lengths and expectations are of a body that is not passed on. */
const NOT_PASSED_ON = new Set([
  'connection',
  'proxy-connection',
  'proxy-authorization',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'transfer-encoding',
]);
const OF_THE_BODY = new Set(['host', 'content-length', 'expect']);

export async function tunnel(
  { route, track }: ExchangeDeps,
  { asked, client, head }: { readonly asked: IncomingMessage; readonly client: Duplex; readonly head: Buffer },
): Promise<void> {
  const target = parseTarget(asked.url ?? '');
  try {
    if (target === null) throw new Refused(`${asked.url}: CONNECT wants host:port`);
    const { address, port, proxy } = await route(target.address, target.port);
    const far = track(await dial(address, port, client));
    far.setTimeout(IDLE_MS, () => far.destroy());
    if (proxy === null) client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    else far.write(askFor(`${target.address}:${target.port}`, proxy.authorization));
    if (head.length > 0) far.write(head);
    far.pipe(client);
    client.pipe(far);
    // Either end gone means the other has nobody to talk to.
    await new Promise<void>((resolve) => {
      far.once('close', () => void client.destroy());
      client.once('close', () => far.destroy());
      far.once('close', resolve);
    });
  } catch (error) {
    sayOn(client, answerFor(error));
  }
}

function askFor(target: string, authorization: string | null): string {
  const login = authorization === null ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  return `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${login}\r\n`;
}

export async function fetchFor(deps: ExchangeDeps, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  // One exchange a connection: pipelined requests would each open another to the far side.
  answer.shouldKeepAlive = false;
  try {
    const url = URL.parse(asked.url ?? '');
    if (url === null || url.protocol !== 'http:')
      throw new Refused(`${asked.url}: a proxy is asked for whole http:// addresses`);
    if (asked.method !== 'GET' && asked.method !== 'HEAD') {
      deps.onMethod(url.host, asked.method ?? '');
      throw new Refused(`${asked.method} ${url.host}: only GET and HEAD are let through`);
    }
    const { address, port, proxy } = await deps.route(url.hostname, Number(url.port || 80));
    if (answer.destroyed) return;
    const headers = passedOn(asked).filter(([name]) => !OF_THE_BODY.has(name));
    const far = request({
      host: address,
      port,
      method: asked.method,
      path: proxy !== null ? url.href : `${url.pathname}${url.search}`,
      headers: {
        ...Object.fromEntries(headers),
        host: url.host,
        connection: 'close',
        ...(proxy?.authorization == null ? {} : { 'proxy-authorization': proxy.authorization }),
      },
      agent: false,
      timeout: CONNECT_MS,
    });
    await passBack(far, answer);
  } catch (error) {
    sayFailure(answer, error);
  }
}

type Asking = ReturnType<typeof request>;

/** Resolves when the connection to the far side is over. */
function passBack(far: Asking, answer: ServerResponse): Promise<void> {
  const fail = (error: unknown): void => {
    sayFailure(answer, error);
    far.destroy();
  };
  far.on('timeout', () => fail(new Error('no answer in time')));
  far.on('error', fail);
  far.on('upgrade', (_response, socket) => {
    socket.destroy();
    fail(new Error('the far side wants to speak another protocol'));
  });
  far.on('response', (response) => {
    response.on('error', () => answer.destroy());
    try {
      answer.writeHead(statusOf(response), Object.fromEntries(passedOn(response)));
    } catch (error) {
      fail(error);
      return;
    }
    response.pipe(answer);
  });
  answer.once('close', () => far.destroy());
  far.end();
  return new Promise((resolve) => far.once('close', resolve));
}

function passedOn({ headers }: IncomingMessage): [string, string | string[] | undefined][] {
  return Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.has(name));
}

/** Node's parser takes any three digits, its writer only those that are a status. */
function statusOf({ statusCode }: IncomingMessage): number {
  if (statusCode !== undefined && statusCode >= 200 && statusCode <= 599) return statusCode;
  throw new Error(`the far side answers with status ${statusCode}, which is none`);
}

function sayFailure(answer: ServerResponse, error: unknown): void {
  if (answer.headersSent) {
    answer.destroy();
    return;
  }
  const { status, text } = answerFor(error);
  answer.writeHead(Number(status.slice(0, 3)), { 'content-type': 'text/plain' }).end(text);
}

export interface Answer {
  readonly status: string;
  readonly text: string;
}

/** The whole answer on a connection that nobody serves as HTTP, and its end. */
export function sayOn(client: Duplex, { status, text }: Answer): void {
  client.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    // Whoever asked may never close its own end.
    () => client.destroy(),
  );
}

function answerFor(error: unknown): Answer {
  const words = error instanceof Error ? error.message : String(error);
  if (error instanceof Refused) return { status: '403 Forbidden', text: `lamplighter's sandbox refused ${words}\n` };
  return { status: '502 Bad Gateway', text: `lamplighter's proxy could not get through: ${words}\n` };
}

/** Given up when `client`, for whom it is, is gone. */
function dial(address: string, port: number, client: Duplex): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    const giveUp = (): void => void socket.destroy(new Error('nobody waits for it any more'));
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error(`${address}:${port} did not answer in time`)));
    socket.once('error', reject);
    client.once('close', giveUp);
    if (client.destroyed) giveUp();
    socket.once('connect', () => {
      client.off('close', giveUp);
      socket.removeAllListeners('timeout').setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

export function parseTarget(target: string): Omit<Route, 'proxy'> | null {
  const match = /^(\[[0-9a-f:.]+\]|[^:/\s]+):(\d{1,5})$/i.exec(target);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { address: match[1].replaceAll(/[[\]]/g, ''), port: Number(match[2]) };
}
