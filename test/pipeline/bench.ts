/**
 * The whole pipeline in one process, with real parts: Temporal, git, sandbox, store, gates, the scripted model. Each bench has a namespace,
 * a folder and a bare remote of its own; the remote counts the pushes that reach it, the model logs every request.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { stringify } from 'yaml';
import { startScriptedModel } from '../../activities/agent/scripted/server.ts';
import { noCrash } from '../../activities/effects/crash-point.ts';
import { createLocalTracker, type LocalTracker } from '../../activities/tracker/local.ts';
import { BOUNDS, builtinToolchains, PRICES, SCRIPTED_MODEL_NAME } from '../../config/defaults.ts';
import type { Config } from '../../config/types.ts';
import type { Issue } from '../../domain/issue.ts';
import type { RunBounds } from '../../domain/run.ts';
import { openStore } from '../../store/open.ts';
import type { RunRow, Store } from '../../store/port.ts';
import { createEngine } from '../../workers/engine.ts';
import { bundleWorkflows, startWorker } from '../../workers/start-worker.ts';
import { createTemporalCalls, type TemporalCalls } from '../../workers/temporal.ts';

export const PERSON = 'ada';
export const REPO_KEY = 'demo-lib';

export interface Bench {
  readonly dir: string;
  readonly config: Config;
  readonly store: Store;
  readonly tracker: LocalTracker;
  readonly calls: TemporalCalls;
  /** Of the bench's own namespace. */
  readonly client: Client;
  readonly engine: ReturnType<typeof createEngine>;
  readonly remote: string;
  scenario(title: string, scenario: object): void;
  release(title: string, body?: string): Promise<Issue>;
  git(...args: string[]): string;
  /** Commits straight to the remote's main, as a colleague would. */
  land(files: Readonly<Record<string, string>>, subject: string): string;
  /** Lines of the remote's own log: one a push that it took. */
  pushes(): string[];
  modelRequests(): { readonly session: string | null; readonly step: number | null; readonly kind: string }[];
  /** The newest run of the issue, as soon as `ready` holds (an ended one: and its effects are done); fails with the run's state after the deadline. */
  run(issue: number, ready: (run: RunRow) => boolean, deadlineMs?: number): Promise<RunRow>;
  close(): Promise<void>;
}

export interface BenchOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly contract?: object;
  readonly bounds?: Partial<RunBounds>;
  readonly deploy?: Partial<Config['repos'][number]['deploy']>;
  readonly armed?: boolean;
  /** 0: every workflow task replays its whole history. */
  readonly maxCachedWorkflows?: number;
}

export const ended = (run: RunRow): boolean => run.outcome !== null;
export const inStage =
  (stage: RunRow['state']['stage']) =>
  (run: RunRow): boolean =>
    run.state.stage === stage;

export const LIB = 'export function add(a, b) {\n  return a + b;\n}\n';
export const LIB_TEST =
  "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport * as lib from '../lib.mjs';\n\ntest('add adds', () => {\n  assert.equal(lib.add(1, 2), 3);\n});\n";

const CONTRACT = {
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

export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const dir = mkdtempSync(join(tmpdir(), 'lamplighter-pipeline-'));
  const remote = makeRemote(dir, {
    'lib.mjs': LIB,
    'test/lib.test.mjs': LIB_TEST,
    ...options.files,
    '.lamplighter.yml': stringify(options.contract ?? CONTRACT),
  });
  const scenarios = join(dir, 'scenarios');
  mkdirSync(scenarios);
  const issues = join(dir, 'issues');
  mkdirSync(issues);
  const logFile = join(dir, 'model.jsonl');
  const model = await startScriptedModel({ scenarioDir: scenarios, port: 0, logFile });
  const config = configOf({ dir, remote, issues, modelUrl: model.url, options });
  const store = await openStore(config.store, join(config.dataDir, 'blobs'));
  if (options.armed !== false)
    await store.control.setKillSwitch({ on: false, by: PERSON, note: 'test', at: Date.now() });
  bundle ??= bundleWorkflows();
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
  const tracker = createLocalTracker({ dir: issues, people: { [PERSON]: 'write' }, now: Date.now });
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: remote, encoding: 'utf8', env: gitEnv(dir) }).trim();

  return {
    dir,
    config,
    store,
    tracker,
    calls,
    client,
    remote,
    git,
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
    async release(title, body = 'As the title says.') {
      const issue = await tracker.add({ title, body, labels: ['ready-for-agent'], by: PERSON });
      await calls.pollNow();
      return issue;
    },
    land: (files, subject) => land(dir, remote, files, subject),
    pushes: () => lines(join(remote, 'pushes.log')),
    modelRequests: () =>
      lines(logFile).map((line) => JSON.parse(line) as { session: string | null; step: number | null; kind: string }),
    async run(issue, ready, deadlineMs = 60_000) {
      const deadline = Date.now() + deadlineMs;
      for (;;) {
        const [run] = await store.runs.list({ repo: REPO_KEY, issue, limit: 1 });
        if (run !== undefined && ready(run) && !(run.outcome !== null && (await calls.isOpen(run.id)))) return run;
        if (failures.length > 0) throw failures[0];
        if (Date.now() > deadline)
          throw new Error(
            `issue ${issue} is not there yet: ${JSON.stringify(run?.state ?? 'no run')} ${JSON.stringify(await store.queue.waiting(REPO_KEY))}`,
          );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async close() {
      await worker.stop();
      await model.close();
      await connection.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function configOf({
  dir,
  remote,
  issues,
  modelUrl,
  options,
}: {
  dir: string;
  remote: string;
  issues: string;
  modelUrl: string;
  options: BenchOptions;
}): Config {
  const dataDir = join(dir, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  return {
    dataDir,
    repos: [
      {
        key: REPO_KEY,
        name: 'demo/lib',
        remote,
        branch: 'main',
        pushEnv: {},
        tracker: { kind: 'local', dir: issues, people: { [PERSON]: 'write' } },
        deploy: { command: null, timeoutSeconds: 30, env: {}, health: null, ...options.deploy },
      },
    ],
    allow: ['demo/lib'],
    store: { kind: 'sqlite', file: join(dataDir, 'lamplighter.db') },
    temporal: {
      address: inject('temporalAddress'),
      namespace: `bench-${randomUUID()}`,
      webUrl: null,
      unattributedSignals: true,
    },
    api: { port: 0, publicUrl: 'http://127.0.0.1:7070' },
    model: {
      provider: 'scripted',
      name: SCRIPTED_MODEL_NAME,
      baseUrl: modelUrl,
      apiKey: null,
      maxTokens: 4_000,
      prices: PRICES,
    },
    bounds: { ...BOUNDS, ...options.bounds },
    slots: 2,
    pollSeconds: 1,
    toolchains: builtinToolchains(process.execPath),
    heartbeatSeconds: 5,
  };
}

function makeRemote(dir: string, files: Readonly<Record<string, string>>): string {
  const remote = join(dir, 'remote.git');
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', remote], { env: gitEnv(dir) });
  land(dir, remote, files, 'First');
  const hook = join(remote, 'hooks', 'post-receive');
  writeFileSync(hook, '#!/bin/sh\ncat >> pushes.log\n');
  chmodSync(hook, 0o755);
  return remote;
}

function land(dir: string, remote: string, files: Readonly<Record<string, string>>, subject: string): string {
  const work = mkdtempSync(join(dir, 'colleague-'));
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: work, encoding: 'utf8', env: gitEnv(dir), stdio: ['ignore', 'pipe', 'ignore'] });
  git('clone', '-q', remote, '.');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), text);
  }
  git('add', '-A');
  git('-c', 'user.name=Colleague', '-c', 'user.email=colleague@example.invalid', 'commit', '-q', '-m', subject);
  git('push', '-q', 'origin', 'HEAD:main');
  const sha = git('rev-parse', 'HEAD').trim();
  rmSync(work, { recursive: true });
  return sha;
}

function gitEnv(dir: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: dir, GIT_CONFIG_NOSYSTEM: '1' };
}

function lines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}
