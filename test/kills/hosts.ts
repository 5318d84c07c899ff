/** Two hosts: a data directory and a worker process each; they share the store on PostgreSQL, Temporal, the tracker and four repos. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { stringify } from 'yaml';
import { startScriptedModel } from '../../activities/model/scripted/server.ts';
import { createLocalTracker } from '../../activities/tracker/local/local.ts';
import type { LocalDesk } from '../../activities/tracker/local/desk.ts';
import { CRASH_TOKEN, startWorkerProcess, type WorkerProcess } from '../../bench/crash/worker-process.ts';
import { builtinToolchains } from '../../config/defaults.ts';
import { probePart } from '../../config/system-parts.ts';
import type { Config } from '../../config/types.ts';
import { openStore } from '../../store/open.ts';
import type { RunRow, Store } from '../../store/port.ts';
import { startPostgres } from '../../store/postgres/test-server.ts';
import { hostName } from '../../workers/host-name.ts';
import { CONTRACT, LIB, LIB_TEST, PERSON } from '../pipeline/rig.ts';
import { createRemote, type RigRemote } from '../pipeline/rig-remote.ts';
import { deleteSchedule } from '../setup/schedules.ts';
import { scriptedModel, testConfig, testRepo } from '../setup/test-config.ts';

const UNSEEN_MS = 4_000;
/** As many as the runs of the host that dies hold. */
const SLOTS = 3;

export interface HostsRepo extends RigRemote {
  readonly key: string;
  readonly desk: LocalDesk;
}

export interface Hosts {
  readonly store: Store;
  repo(key: string): HostsRepo;
  /** Its name in the store. */
  nameOf(host: string): string;
  startWorker(host: string): Promise<WorkerProcess>;
  startApi(host: string): Promise<void>;
  /** Of the api, which is that of one host. */
  ask(path: string, body?: object): Promise<unknown>;
  release(key: string, scenario: object): Promise<void>;
  run(key: string): Promise<RunRow | null>;
  close(): Promise<void>;
}

export async function openHosts(keys: readonly string[]): Promise<Hosts> {
  const dir = mkdtempSync(join(tmpdir(), 'lamplighter-hosts-'));
  const postgres = probePart('postgres', process.env);
  if (!postgres.present) throw new Error(postgres.why);
  const server = await startPostgres(postgres.where);
  const url = await server.createDatabase();
  const scenarios = join(dir, 'scenarios');
  mkdirSync(scenarios);
  const model = await startScriptedModel({ scenarioDir: scenarios, port: 0, logFile: join(dir, 'model.jsonl') });
  const repos = keys.map((key) => enrol(dir, key));
  const port = await freePort();
  const shared = sharedConfig({ dir, url, port, repos, modelUrl: model.url });
  const store = await openStore({ kind: 'postgres', url }, join(dir, 'blobs'));
  await store.control.setKillSwitch({ on: false, by: PERSON, note: 'test', at: Date.now() });
  const processes: WorkerProcess[] = [];
  const start = async (host: string, program: 'worker' | 'api'): Promise<WorkerProcess> => {
    const config = configOn(join(dir, host), shared);
    const started = startWorkerProcess({ config, dir: config.dataDir }, { points: [], program });
    processes.push(started);
    await started.ready;
    return started;
  };
  const repo = (key: string): HostsRepo => {
    const found = repos.find((one) => one.key === key);
    if (found === undefined) throw new Error(`there is no repo ${key}`);
    return found;
  };
  return {
    store,
    repo,
    nameOf: (host) => hostName(join(dir, host)),
    startWorker: (host) => start(host, 'worker'),
    startApi: async (host) => void (await start(host, 'api')),
    async ask(path, body) {
      const headers = { authorization: `Bearer ${CRASH_TOKEN}`, 'content-type': 'application/json' };
      const said = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      return await (await fetch(`http://127.0.0.1:${port}${path}`, { headers, ...said })).json();
    },
    async release(key, scenario) {
      const title = `Change of ${key}`;
      const capture = ['Lamplighter-Run: (?<run>[A-Za-z0-9][A-Za-z0-9._-]*)', 'Refs #(?<issue>\\d+)'];
      writeFileSync(join(scenarios, `${key}.yaml`), stringify({ name: key, match: title, capture, ...scenario }));
      await repo(key).desk.add({ title, body: 'As it says.', labels: ['ready-for-agent'], by: PERSON });
    },
    run: async (key) => (await store.runs.list({ repo: key, limit: 1 }))[0] ?? null,
    async close() {
      for (const one of processes) one.kill();
      for (const one of processes) await one.died;
      await model.close();
      await store.close();
      await server.stop();
      await deleteSchedule(shared.temporal);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

type Shared = Partial<Config> & Pick<Config, 'temporal'>;

interface SharedParts {
  readonly dir: string;
  readonly url: string;
  readonly port: number;
  readonly repos: readonly HostsRepo[];
  readonly modelUrl: string;
}

function sharedConfig({ dir, url, port, repos, modelUrl }: SharedParts): Shared {
  return {
    store: { kind: 'postgres', url },
    repos: repos.map(({ key, remote }) =>
      testRepo({ key, name: `acme/${key}`, remote, issues: join(dir, key, 'issues'), people: { [PERSON]: 'write' } }),
    ),
    allow: repos.map(({ key }) => `acme/${key}`),
    temporal: {
      address: inject('temporalAddress'),
      namespace: `hosts-${randomUUID()}`,
      webUrl: null,
      unattributedSignals: false,
    },
    api: { port, host: '127.0.0.1', publicUrl: `http://127.0.0.1:${port}`, names: [] },
    model: scriptedModel(modelUrl),
    slots: SLOTS,
    pollSeconds: 1,
    toolchains: builtinToolchains(process.execPath),
    heartbeatSeconds: 2,
  };
}

function configOn(dataDir: string, shared: Shared): Config {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const config = testConfig(dataDir, shared);
  const { limits, ...watchdog } = config.watchdog;
  return { ...config, watchdog: { ...watchdog, everyMs: 500, limits: { ...limits, unseenMs: UNSEEN_MS } } };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function enrol(dir: string, key: string): HostsRepo {
  const folder = join(dir, key);
  mkdirSync(join(folder, 'issues'), { recursive: true });
  const remote = createRemote(folder, {
    'lib.mjs': LIB,
    'test/lib.test.mjs': LIB_TEST,
    '.lamplighter.yml': stringify(CONTRACT),
  });
  const { desk } = createLocalTracker({ dir: join(folder, 'issues'), people: { [PERSON]: 'write' }, now: Date.now });
  return { ...remote, key, desk };
}
