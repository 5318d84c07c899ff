/**
 * The whole pipeline in one process, with real parts: Temporal, git, sandbox, store, gates, the scripted model. Each rig has a namespace,
 * a folder and a bare remote of its own; the remote counts the pushes that reach it, the model logs every request.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { stringify } from 'yaml';
import { startScriptedModel } from '../../activities/model/scripted/server.ts';
import { noCrash } from '../../activities/effects/crash-point.ts';
import { createLocalTracker } from '../../activities/tracker/local/local.ts';
import type { LocalDesk } from '../../activities/tracker/local/desk.ts';
import { BOUNDS, builtinToolchains } from '../../config/defaults.ts';
import { cacheDir } from '../../config/environment.ts';
import type { Config } from '../../config/types.ts';
import type { RequestedAct } from '../../domain/act.ts';
import type { Issue } from '../../domain/issue.ts';
import type { RunBounds } from '../../domain/bounds.ts';
import { openStore } from '../../store/open.ts';
import type { RunRow, Store } from '../../store/port.ts';
import { createEngine } from '../../workers/engine.ts';
import { startWorker } from '../../workers/start-worker.ts';
import { createTemporalCalls, type TemporalCalls } from '../../workers/temporal.ts';
import { bundleWorkflows } from '../../workers/workflow-bundle.ts';
import { deleteSchedule } from '../setup/schedules.ts';
import { createRemote, lines, type RigRemote } from './rig-remote.ts';
import { scriptedModel, testConfig, testRepo } from '../setup/test-config.ts';

export const PERSON = 'ada';
export const REPO_KEY = 'demo-lib';

/** One enrolled repo: its remote, its issues, its runs. */
export interface RigRepo extends RigRemote {
  readonly key: string;
  readonly tracker: LocalDesk;
  release(title: string, body?: string): Promise<Issue>;
  /** The newest run of the issue, as soon as `ready` holds (an ended one: and its effects are done); fails with the run's state after the deadline. */
  run(issue: number, ready: (run: RunRow) => boolean, deadlineMs?: number): Promise<RunRow>;
}

export interface RigRepoOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly contract?: object;
  readonly deploy?: Partial<Config['repos'][number]['deploy']>;
  readonly testEnv?: NonNullable<Config['repos'][number]['testEnv']>;
}

/** Of its own methods and fields, those of a repo are those of `demo/lib`. */
export interface Rig extends RigRepo {
  readonly dir: string;
  readonly config: Config;
  readonly store: Store;
  readonly calls: TemporalCalls;
  /** Of the rig's own namespace. */
  readonly client: Client;
  readonly engine: ReturnType<typeof createEngine>;
  /** By its key: `demo-lib`, or one of `more`. */
  repo(key: string): RigRepo;
  scenario(title: string, scenario: object): void;
  /** As the api would: the row, then the poke. */
  act(run: string, data: RequestedAct, note?: string): Promise<void>;
  modelRequests(): { readonly session: string | null; readonly step: number | null; readonly kind: string }[];
  close(): Promise<void>;
}

export interface RigOptions extends RigRepoOptions {
  /** Further repos, by key, beside `demo/lib`. */
  readonly more?: Readonly<Record<string, RigRepoOptions & Required<Pick<RigRepoOptions, 'files' | 'contract'>>>>;
  readonly toolchains?: Config['toolchains'];
  readonly bounds?: Partial<RunBounds>;
  readonly caps?: Config['caps'];
  readonly armed?: boolean;
  /** 0: every workflow task replays its whole history. */
  readonly maxCachedWorkflows?: number;
}

export const ended = (run: RunRow): boolean => run.outcome !== null;
export const inStage =
  (stage: RunRow['state']['stage']) =>
  (run: RunRow): boolean =>
    run.state.stage === stage;

/** What follows a transition (a slot given back, a person called) is there soon, and not with it: the row is first. */
export const SOON = { timeout: 20_000 };
/** Of the escalations of a run. */
export const topicsOf = async ({ store }: Rig, run: RunRow): Promise<string[]> =>
  (await store.escalations.list({ run: run.id })).map((one) => one.topic);

export const LIB = 'export function add(a, b) {\n  return a + b;\n}\n';
export const LIB_TEST =
  "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport * as lib from '../lib.mjs';\n\ntest('add adds', () => {\n  assert.equal(lib.add(1, 2), 3);\n});\n";

export const CONTRACT = {
  checks: [
    {
      name: 'unit',
      test: 'node --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT"',
      report: 'junit',
      globs: ['test/**'],
      timeoutSeconds: 60,
    },
  ],
  toolchain: ['node'],
  build: ['node -e "import(\'./lib.mjs\').then((m) => process.exit(m.broken ? 1 : 0))"'],
};

let bundle: ReturnType<typeof bundleWorkflows> | null = null;

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const dir = mkdtempSync(join(tmpdir(), 'lamplighter-pipeline-'));
  const places = enrol(dir, options);
  const scenarios = join(dir, 'scenarios');
  mkdirSync(scenarios);
  const logFile = join(dir, 'model.jsonl');
  const model = await startScriptedModel({ scenarioDir: scenarios, port: 0, logFile });
  const config = configOf({ dir, places, modelUrl: model.url, options });
  const store = await openStore(config.store, join(config.dataDir, 'blobs'));
  if (options.armed !== false)
    await store.control.setKillSwitch({ on: false, by: PERSON, note: 'test', at: Date.now() });
  bundle ??= bundleWorkflows(cacheDir(process.env));
  const failures: unknown[] = [];
  const worker = await startWorker({
    config,
    store,
    crash: noCrash,
    workflowBundle: await bundle,
    ...(options.maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows: options.maxCachedWorkflows }),
    onFailure: (error) => failures.push(error),
  });
  const connection = await Connection.connect({ address: config.temporal.address });
  const client = new Client({ connection, namespace: config.temporal.namespace });
  const calls = createTemporalCalls(client);
  const repos = new Map(places.map((place) => [place.key, createRepo({ place, store, calls, failures })]));
  const repo = (key: string): RigRepo => {
    const found = repos.get(key);
    if (found === undefined) throw new Error(`the rig has no repo ${key}: it has ${[...repos.keys()].join(', ')}`);
    return found;
  };

  return {
    ...repo(REPO_KEY),
    repo,
    dir,
    config,
    store,
    calls,
    client,
    engine: createEngine({ store, calls, config }),
    scenario(title, scenario) {
      const name = title.toLowerCase().replaceAll(/[^a-z]+/g, '-');
      writeFileSync(
        join(scenarios, `${name}.yaml`),
        stringify({
          name,
          match: title,
          capture: ['Lamplighter-Run: (?<run>[A-Za-z0-9][A-Za-z0-9._-]*)', 'Refs #(?<issue>\\d+)'],
          ...scenario,
        }),
      );
    },
    async act(run, data, note = 'because I say so') {
      const by = { name: PERSON, kind: 'person', scopes: [] } as const;
      await store.acts.add({ id: randomUUID(), run, data, note, at: Date.now(), by });
      await calls.pokeRun(run);
    },
    modelRequests: () =>
      lines(logFile).map((line) => JSON.parse(line) as { session: string | null; step: number | null; kind: string }),
    async close() {
      await worker.stop();
      await model.close();
      await connection.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
      await deleteSchedule(config.temporal);
    },
  };
}

interface Place extends RigRepoOptions {
  readonly key: string;
  readonly name: string;
  readonly remote: RigRemote;
  readonly issues: string;
}

function enrol(dir: string, options: RigOptions): Place[] {
  const lib = { files: { 'lib.mjs': LIB, 'test/lib.test.mjs': LIB_TEST, ...options.files } };
  const place = (key: string, name: string, folder: string, given: RigRepoOptions): Place => {
    const issues = join(folder, 'issues');
    mkdirSync(issues, { recursive: true });
    const contract = stringify(given.contract ?? CONTRACT);
    return {
      ...given,
      key,
      name,
      issues,
      remote: createRemote(folder, { ...given.files, '.lamplighter.yml': contract }),
    };
  };
  return [
    place(REPO_KEY, 'demo/lib', dir, { ...options, ...lib }),
    ...Object.entries(options.more ?? {}).map(([key, given]) => place(key, `demo/${key}`, join(dir, key), given)),
  ];
}

function createRepo({
  place: { key, issues, remote },
  store,
  calls,
  failures,
}: {
  place: Place;
  store: Store;
  calls: TemporalCalls;
  failures: readonly unknown[];
}): RigRepo {
  const { desk: tracker } = createLocalTracker({ dir: issues, people: { [PERSON]: 'write' }, now: Date.now });
  return {
    ...remote,
    key,
    tracker,
    async release(title, body = 'As the title says.') {
      const issue = await tracker.add({ title, body, labels: ['ready-for-agent'], by: PERSON });
      await calls.pollNow();
      return issue;
    },
    async run(issue, ready, deadlineMs = 120_000) {
      const deadline = Date.now() + deadlineMs;
      for (;;) {
        const [run] = await store.runs.list({ repo: key, issue, limit: 1 });
        if (run !== undefined && ready(run) && !(run.outcome !== null && (await calls.isOpen(run.id)))) return run;
        if (failures.length > 0) throw failures[0];
        if (Date.now() > deadline)
          throw new Error(
            `issue ${issue} is not there yet: ${JSON.stringify(run?.state ?? 'no run')} ${JSON.stringify(await store.queue.waiting(key))}`,
          );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}

function configOf({
  dir,
  places,
  modelUrl,
  options,
}: {
  dir: string;
  places: readonly Place[];
  modelUrl: string;
  options: RigOptions;
}): Config {
  const dataDir = join(dir, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  return testConfig(dataDir, {
    repos: places.map(({ key, name, remote, issues, deploy = {}, testEnv = {} }) =>
      testRepo({ key, name, remote: remote.remote, issues, people: { [PERSON]: 'write' }, testEnv, deploy }),
    ),
    allow: places.map((place) => place.name),
    temporal: {
      address: inject('temporalAddress'),
      namespace: `bench-${randomUUID()}`,
      webUrl: null,
      unattributedSignals: true,
    },
    model: scriptedModel(modelUrl),
    bounds: { ...BOUNDS, ...options.bounds },
    ...(options.caps === undefined ? {} : { caps: options.caps }),
    pollSeconds: 1,
    toolchains: { ...builtinToolchains(process.execPath), ...options.toolchains },
    heartbeatSeconds: 5,
  });
}
