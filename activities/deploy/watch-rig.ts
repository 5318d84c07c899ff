/** For tests of the watcher: a real remote, a real SQLite store, real commands and a real HTTP service that says what it is told to. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { NO_DEPLOY } from '../../config/defaults.ts';
import type { DeployTarget } from '../../config/types.ts';
import { EMPTY_CONTRACT } from '../../domain/contract.ts';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import { FRESH } from '../../domain/stage.ts';
import { openStore } from '../../store/open.ts';
import { noCrash, type CrashPoint } from '../effects/crash-point.ts';
import { createPerformEffect } from '../effects/perform.ts';
import { exec, execOrThrow } from '../exec/exec.ts';
import type { BaseVerdict } from '../gates/base-proof.ts';
import type { RepoGit } from '../git/port.ts';
import { createReading } from '../git/reading.ts';
import { createTrustedGit } from '../git/trusted.ts';
import type { Sandbox } from '../sandbox/port.ts';
import { createWatchActivities } from './activities.ts';
import { createCommandWatcher } from './command.ts';
import { createBuildWatcher } from './contract-build.ts';
import { createHealthWatcher } from './http-health.ts';
import { watcherParts, type BuildEnvironment } from './watcher-parts.ts';
import { createStages } from './stages.ts';
import { isNotYet } from '../pace/waiting.ts';
import { runSubject } from '../../domain/unit.ts';

export const RUN = 'run-1';
const NO_ENVIRONMENT: BuildEnvironment = { binds: [], env: {}, path: [], hosts: [], services: [] };

/** Refuses to run anything: for tests whose contract has no build. */
const NO_SANDBOX: Sandbox = {
  probe: async () => ({ ok: false, reason: 'not part of this test', remedy: 'none' }),
  run: async () => {
    throw new Error('nothing of this test builds');
  },
};

const MAIN_GREEN: BaseVerdict = { verdict: 'green' };

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface Rig {
  readonly dir: string;
  readonly store: Awaited<ReturnType<typeof openStore>>;
  /** Of main when the rig was opened. */
  readonly sha: string;
  readonly url: string;
  /** How often the service was asked. */
  asked(): number;
  answer(how: Answer): void;
  /** Adds a commit to main and answers with its sha. */
  commit(file: string, text: string): Promise<string>;
  /** Sets the remote's main to an earlier sha, as a person with the right to it may. */
  resetMain(to: string): Promise<void>;
  /** As a person does it; answers with the sha of the revert. */
  revert(sha: string): Promise<string>;
  /** Makes main another history, and answers with its sha. */
  replaceMain(): Promise<string>;
  /** The activities as a worker process has them; called again, as a fresh process has them. */
  start(given?: {
    readonly target?: Partial<DeployTarget>;
    readonly build?: readonly string[];
    readonly sandbox?: Sandbox;
    readonly services?: BuildEnvironment['services'];
    readonly crash?: CrashPoint;
    readonly now?: () => number;
    /** What the checks of main come to; default: green. */
    readonly mainChecks?: BaseVerdict;
  }): ReturnType<typeof createWatchActivities>;
  /** Lines of a file that a deploy command of the test wrote. */
  lines(name: string): string[];
  evidence(): Promise<string[]>;
  close(): Promise<void>;
}

export async function openRig(bounds: { readonly watchMs?: number } = {}): Promise<Rig> {
  const dir = mkdtempSync(join(tmpdir(), 'watch-'));
  const store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
  await store.control.setKillSwitch({ on: false, by: 'ada', note: 'test', at: 1 });
  await store.runs.create({
    id: RUN,
    repo: 'shop-1',
    repoName: 'acme/shop',
    issue: 1,
    title: 'Prices',
    release: 'r1',
    bounds: { ...DEFAULT_BOUNDS, watchMs: bounds.watchMs ?? 20_000 },
    at: Date.now(),
  });
  const work = join(dir, 'work');
  const remote = join(dir, 'remote.git');
  await git(dir, 'init', '-q', '--bare', '-b', 'main', remote);
  await git(dir, 'clone', '-q', remote, work);
  const service = await startService();

  async function commit(file: string, text: string): Promise<string> {
    writeFileSync(join(work, file), text);
    await git(work, 'add', '-A');
    await git(work, 'commit', '-q', '-m', `Change ${file}`);
    await git(work, 'push', '-q', 'origin', 'HEAD:main');
    return git(work, 'rev-parse', 'HEAD');
  }
  const sha = await commit('app.txt', 'one\n');
  const realGit = gitOf(dir, remote);

  return {
    dir,
    store,
    sha,
    url: service.url,
    asked: service.asked,
    answer: service.answer,
    commit,
    async resetMain(to) {
      await git(remote, 'update-ref', 'refs/heads/main', to);
    },
    async revert(of) {
      await git(work, 'revert', '--no-edit', of);
      await git(work, 'push', '-q', 'origin', 'HEAD:main');
      return git(work, 'rev-parse', 'HEAD');
    },
    replaceMain: () => replaceMain(remote),
    start({ target, build, sandbox, services, crash, now, mainChecks = MAIN_GREEN } = {}) {
      const clock = now ?? Date.now;
      const parts = watcherParts({
        git: realGit,
        sandbox: sandbox ?? NO_SANDBOX,
        environment: { forContract: () => ({ ...NO_ENVIRONMENT, services: services ?? [] }) },
        checkoutBinds: [],
        store,
        target: { ...NO_DEPLOY, timeoutSeconds: 10, ...target },
        perform: createPerformEffect({ log: store.effects, crash: crash ?? noCrash, now: clock }),
        runProgram: exec,
        dataDir: dir,
        repoKey: 'shop-1',
      });
      const kinds = [createBuildWatcher, createCommandWatcher, createHealthWatcher];
      const watchers = kinds.flatMap((make) => make(parts) ?? []);
      const contractAt = async () => ({ ok: true, contract: { ...EMPTY_CONTRACT, build: build ?? [] } }) as const;
      const gates = { proveBase: async () => mainChecks };
      const stages = createStages({ store, contractAt, watchers, now: clock });
      return createWatchActivities({ store, git: realGit, gates, contractAt, stages, now: clock });
    },
    lines(name) {
      return readFileSync(join(dir, name), 'utf8')
        .split('\n')
        .filter((line) => line !== '');
    },
    async evidence() {
      const rows = await store.evidence.list(runSubject(RUN));
      return Promise.all(
        rows.map(
          async (row) => `${row.summary}\n${Buffer.from((await store.evidence.body(row.id)) ?? []).toString('utf8')}`,
        ),
      );
    },
    async close() {
      await service.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Runs an activity in the SDK's own environment for activities; one that is not over yet is asked again, as the server does it. */
export async function inActivity<In, Out>(
  activity: (input: In) => Promise<Out>,
  input: In,
  environment = new MockActivityEnvironment(),
): Promise<Out> {
  for (;;) {
    try {
      return (await environment.run(activity, input)) as Out;
    } catch (error) {
      const { cancellationSignal } = environment.context;
      if (!isNotYet(error) || cancellationSignal.aborted) throw error;
      const ms = Number((error as { nextRetryDelay?: number }).nextRetryDelay ?? 1_000);
      await delay(ms, undefined, { signal: cancellationSignal });
    }
  }
}

/** Takes the run to the next transition, as a person's act does. */
export async function moveRun(rig: Rig, seq: number): Promise<void> {
  await rig.store.runs.transition(RUN, {
    seq,
    state: { stage: 'watch', progress: FRESH.progress, sha: rig.sha },
    effects: [],
    cause: 'test',
    at: Date.now(),
  });
}

async function git(cwd: string, ...args: string[]): Promise<string> {
  const who = {
    GIT_AUTHOR_NAME: 't',
    GIT_AUTHOR_EMAIL: 't@example.invalid',
    GIT_COMMITTER_NAME: 't',
    GIT_COMMITTER_EMAIL: 't@example.invalid',
  };
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: cwd,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    ...who,
  };
  return (await execOrThrow(['git', ...args], { cwd, env, wallMs: 30_000, keepBytes: 100_000 })).trim();
}

async function startService(): Promise<Pick<Rig, 'url' | 'asked' | 'answer' | 'close'>> {
  let asked = 0;
  let how: Answer = (_request, response) => response.writeHead(503).end();
  const server = createServer((request, response) => {
    asked += 1;
    how(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`,
    asked: () => asked,
    answer: (given) => {
      how = given;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What trusted git does for a watch, by a clone each. */
function gitOf(
  dir: string,
  remote: string,
): Pick<RepoGit, 'checkOut' | 'refresh' | 'remoteHead' | 'contains' | 'commits'> {
  const head = (): Promise<string> => git(remote, 'rev-parse', 'main');
  const bare = { gitDir: remote, home: dir, cwd: dir };
  return {
    async checkOut(at, to) {
      await git(dir, 'clone', '-q', '--no-checkout', remote, to);
      await git(to, 'checkout', '-q', at);
      return [];
    },
    refresh: head,
    remoteHead: head,
    contains: async (ancestor, at) => (await git(remote, 'rev-list', '--max-count=1', ancestor, `^${at}`)) === '',
    commits: createReading(createTrustedGit(bare), bare).commits,
  };
}

async function replaceMain(remote: string): Promise<string> {
  const other = await git(remote, 'commit-tree', await git(remote, 'rev-parse', 'main^{tree}'), '-m', 'Other');
  await git(remote, 'update-ref', 'refs/heads/main', other);
  return other;
}
