/** The real api on a free loopback port over a real SQLite store, and a tracker in a folder; only Temporal is stood in for, at its port. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Express } from 'express';
import { createApp, type ApiOptions } from '../../api/app.ts';
import type { Engine } from '../../api/http/engine.ts';
import type { LogEntry } from '../../api/http/errors.ts';
import type { Config } from '../../config/types.ts';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import { FRESH, type RunState } from '../../domain/stage.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/port.ts';
import { issueBooksOf } from '../../workers/trackers.ts';
import { scriptedModel, testConfig, testRepo } from './test-config.ts';

export const TOKEN = 'correct-horse';
export const REPO = 'acme/shop';

export interface ApiServer {
  readonly url: string;
  readonly dataDir: string;
  readonly store: Store;
  readonly poked: string[];
  readonly log: LogEntry[];
  /** As the server has it now. */
  app(): Express;
  /** How often the poller was told to look now. */
  polled(): number;
  /** Another process's view of the same database. */
  openSecondStore(): Promise<Store>;
  /** Ends every connection and comes back on the same port with a fresh store and application. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface ApiServerOptions {
  readonly token?: string;
  readonly engine?: Partial<Engine>;
  readonly now?: () => number;
  /** What the application is given instead of the store itself. */
  readonly seenAs?: (store: Store) => Store;
  /** Address to listen at; this machine's own by default. */
  readonly host?: string;
  readonly watchdog?: ApiOptions['watchdog'];
}

export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'lamplighter-api-'));
  const open = (): Promise<Store> =>
    openStore({ kind: 'sqlite', file: join(dataDir, 'store.db') }, join(dataDir, 'blobs'));
  const poked: string[] = [];
  const log: LogEntry[] = [];
  let polled = 0;
  let store = await open();
  let app: Express | undefined;
  let server = await listen(0, options);
  const { port } = server.address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(
    join(dataDir, 'up.json'),
    JSON.stringify({ url, pid: process.pid, temporalUrl: null, startedAt: 0, processes: {} }),
  );
  writeFileSync(join(dataDir, 'operator.token'), `${TOKEN}\n`, { mode: 0o600 });

  async function listen(
    at: number,
    { token, engine, watchdog, host = '127.0.0.1', seenAs = (one) => one, now = Date.now }: ApiServerOptions,
  ): Promise<Server> {
    const fresh = createServer();
    fresh.listen(at, host);
    await once(fresh, 'listening');
    const address = fresh.address() as { port: number };
    const config = configFor(dataDir, address.port, host);
    const deps: ApiOptions = {
      store: seenAs(store),
      config,
      token: token ?? TOKEN,
      engine: {
        poke: async (run) => void poked.push(run),
        pollNow: async () => void (polled += 1),
        recover: async () => ({ runs: ['run-lost'], lanes: ['shop-1'] }),
        links: (run) => ({ temporalUrl: `http://127.0.0.1:8233/run/${run.id}` }),
        runsUrl: null,
        ...engine,
      },
      issues: issueBooksOf(config, Date.now),
      ...(watchdog === undefined ? {} : { watchdog }),
      version: '0.0.0',
      log: (entry) => log.push(entry),
      now,
    };
    app = createApp(deps);
    fresh.on('request', app);
    return fresh;
  }

  async function stop(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await store.close();
  }

  return {
    url,
    dataDir,
    poked,
    log,
    app: () => app as Express,
    polled: () => polled,
    get store() {
      return store;
    },
    openSecondStore: open,
    async restart() {
      await stop();
      store = await open();
      server = await listen(port, options);
    },
    async close() {
      await stop();
      rmSync(dataDir, { recursive: true });
    },
  };
}

function configFor(dataDir: string, port: number, host: string): Config {
  return testConfig(dataDir, {
    repos: [
      testRepo({
        key: 'shop-1',
        name: REPO,
        remote: join(dataDir, 'remote.git'),
        issues: join(dataDir, 'issues'),
        people: { ada: 'admin' },
      }),
    ],
    allow: [REPO],
    store: { kind: 'sqlite', file: join(dataDir, 'store.db') },
    temporal: { address: '127.0.0.1:1', namespace: 'lamplighter', webUrl: null, unattributedSignals: true },
    api: { port, host, publicUrl: `http://lamplighter.example:${port}`, names: ['lamplighter.internal'] },
    model: { ...scriptedModel('http://127.0.0.1:1'), apiKey: 'sk-never-shown', prices: {} },
    slots: 1,
    pollSeconds: 1,
    toolchains: {},
    heartbeatSeconds: 1,
  });
}

const SHA = 'a3f9c1d27be8440b9d1e5f60718293a4b5c6d7e8';
export const FROZEN: RunState = {
  stage: 'frozen',
  progress: { ...FRESH.progress, pushed: SHA, openings: 1 },
  sha: SHA,
  since: 1,
  reason: 'health is red: wrong version',
  proving: null,
};

/** A run in its first stage, moved on to each of the given states. */
export async function seedRun(store: Store, id: string, states: readonly RunState[] = []): Promise<void> {
  const made = await store.runs.create({
    id,
    repo: 'shop-1',
    repoName: REPO,
    issue: 3,
    title: 'Round <b>prices</b>',
    release: `release-${id}`,
    bounds: DEFAULT_BOUNDS,
    at: Date.now(),
  });
  if (!made.created) throw new Error(`the run ${id} could not be made: ${made.why} by ${made.by}`);
  for (const [index, state] of states.entries()) {
    await store.runs.transition(id, { seq: index + 1, state, effects: [], cause: 'test', at: Date.now() });
  }
}

export function acting(body: unknown, headers: Readonly<Record<string, string>> = {}, method = 'POST'): RequestInit {
  return {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}
