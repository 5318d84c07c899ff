/** A real browser, driven by its own protocol: pages as people see them, and what they ask of the server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { probePart } from '../../config/system-parts.ts';

export interface Browser {
  open(url: string, width?: number): Promise<Page>;
  close(): Promise<void>;
}

export interface Traffic {
  /** Path and query of what was asked for, in order. */
  readonly requests: readonly string[];
  /** Bytes that came, of event streams too. */
  readonly bytes: number;
}

export interface Page {
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** What went over the network since the last time it was asked. */
  traffic(): Traffic;
  /** PNG of the whole page. */
  screenshot(): Promise<Buffer>;
  /** A browser opens six connections to one server, and an event stream holds one. */
  close(): Promise<void>;
  /** What it logged as an error, and what it threw. */
  readonly complaints: readonly string[];
}

type Params = Readonly<Record<string, unknown>>;
type Send = (method: string, params?: Params) => Promise<Record<string, unknown>>;

const message = z.object({
  id: z.number().optional(),
  method: z.string().optional(),
  sessionId: z.string().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  result: z.record(z.string(), z.unknown()).optional(),
  error: z.object({ message: z.string() }).optional(),
});

export async function startBrowser(): Promise<Browser> {
  const probe = probePart('chromium', process.env);
  if (!probe.present) throw new Error(probe.why);
  const profile = mkdtempSync(join(tmpdir(), 'lamplighter-browser-'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-port=0'];
  const child = spawn(probe.where, [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const socket = new WebSocket(await addressOf(child.stderr));
  await once(socket, 'open');
  const connection = connect(socket);
  return {
    open: (url, width = 1280) => openPage(connection, url, width),
    async close() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function addressOf(stderr: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stderr })) {
    const found = /^DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (found !== undefined) {
      stderr.resume();
      return found;
    }
  }
  throw new Error('the browser ended before it listened');
}

interface Connection {
  send(session: string | undefined, method: string, params?: Params): Promise<Record<string, unknown>>;
  on(session: string, hear: (method: string, params: Params) => void): void;
}

function connect(socket: WebSocket): Connection {
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  const ears = new Map<string, (method: string, params: Params) => void>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const read = message.parse(JSON.parse(String(data)));
    if (read.id === undefined) return ears.get(read.sessionId ?? '')?.(read.method ?? '', read.params ?? {});
    const asked = waiting.get(read.id);
    waiting.delete(read.id);
    if (read.error === undefined) return asked?.resolve(read.result ?? {});
    asked?.reject(new Error(read.error.message));
  });
  return {
    send(session, method, params = {}) {
      const asked = Promise.withResolvers<Record<string, unknown>>();
      last += 1;
      waiting.set(last, asked);
      socket.send(
        JSON.stringify({ id: last, method, params, ...(session === undefined ? {} : { sessionId: session }) }),
      );
      return asked.promise;
    },
    on: (session, hear) => void ears.set(session, hear),
  };
}

async function openPage(connection: Connection, url: string, width: number): Promise<Page> {
  const { targetId } = await connection.send(undefined, 'Target.createTarget', { url: 'about:blank' });
  const attached = await connection.send(undefined, 'Target.attachToTarget', { targetId, flatten: true });
  const session = String(attached['sessionId']);
  const send: Send = (method, params) => connection.send(session, method, params);
  const complaints: string[] = [];
  let requests: string[] = [];
  let bytes = 0;
  const loaded = Promise.withResolvers<void>();
  connection.on(session, (method, params) => {
    if (method === 'Page.loadEventFired') loaded.resolve();
    if (method === 'Network.requestWillBeSent')
      requests.push(pathOf(z.object({ url: z.string() }).parse(params['request']).url));
    if (method === 'Network.dataReceived') bytes += Number(params['encodedDataLength']) || Number(params['dataLength']);
    if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params['exceptionDetails']));
    if (method === 'Log.entryAdded') complaints.push(JSON.stringify(params['entry']));
  });
  for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await send(`${domain}.enable`);
  await send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 });
  await send('Page.navigate', { url });
  await loaded.promise;
  return {
    complaints,
    async close() {
      await connection.send(undefined, 'Target.closeTarget', { targetId });
    },
    async evaluate(expression) {
      const answer = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      return z.object({ value: z.unknown() }).parse(answer['result']).value;
    },
    traffic() {
      const since = { requests, bytes };
      requests = [];
      bytes = 0;
      return since;
    },
    async screenshot() {
      const { data } = await send('Page.captureScreenshot', { captureBeyondViewport: true });
      return Buffer.from(String(data), 'base64');
    },
  };
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}
