/** Everything a worker process runs, as one thing that can be started and stopped: the control queue and the repos' own workers. */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { countAbsence } from '../activities/checkout/absence.ts';
import { noCrash, type CrashPoint } from '../activities/effects/crash-point.ts';
import { withCrashPoints, withoutCrashPoints } from '../activities/effects/port-crash-points.ts';
import { startJanitor } from '../activities/janitor/janitor.ts';
import { showWorker } from '../activities/watchdog/show-worker.ts';
import type { Config } from '../config/types.ts';
import type { Store } from '../store/port.ts';
import { createActivities } from './activities.ts';
import { createEngine } from './engine.ts';
import { createRepoWorkers } from './repo-workers.ts';
import { CONTROL_QUEUE, createTemporalCalls, patiently, provideNamespace, provideSchedule } from './temporal.ts';
import { bringToShape } from './upgrade.ts';

export interface WorkerDeps {
  readonly config: Config;
  readonly store: Store;
  /** Struck out of all that is written; absent where no api runs beside. */
  readonly operatorToken?: string;
  readonly crash: CrashPoint;
  readonly workflowBundle: WorkflowBundleWithSourceMap;
  /** 0 replays the whole history at every workflow task: the cheapest proof that workflows are replay-safe (invariant 14). */
  readonly maxCachedWorkflows?: number;
  readonly onFailure: (error: unknown) => void;
}

/** Model calls and tool calls in flight get this long to end by themselves. */
const GRACE_MS = 10_000;

export async function startWorker(deps: WorkerDeps): Promise<{ stop(): Promise<void> }> {
  const { config, store } = deps;
  const { address, namespace } = config.temporal;
  const connection = await Connection.connect({ address });
  await provideNamespace(connection, namespace);
  const client = new Client({ connection, namespace });
  const calls = createTemporalCalls(client);
  // Before what is open is brought to the shape: no poller of an older release is started behind it.
  await provideSchedule(client, { heartbeatSeconds: config.heartbeatSeconds });
  await bringToShape({
    store,
    client,
    recover: () => createEngine({ store, calls, config }).recover(),
    crash: deps.crash,
    say: (line) => void process.stderr.write(`${line}\n`),
    now: Date.now,
  });
  const stopping = new AbortController();
  const activities = createActivities({
    config,
    store,
    operatorToken: deps.operatorToken ?? null,
    calls,
    crash: deps.crash,
    around: deps.crash === noCrash ? withoutCrashPoints : withCrashPoints(deps.crash),
    now: Date.now,
    stopping: stopping.signal,
  });
  const { host } = activities.lease;
  const { unseenMs } = config.watchdog.limits;
  await countAbsence({ store, host, unseenMs, now: Date.now });
  const native = await NativeConnection.connect({ address });

  const repoWorkers = createRepoWorkers({
    connection: native,
    namespace,
    wanted: async () => (await store.runs.list({ open: true })).map((run) => run.repo),
    lease: activities.lease,
    activitiesOf: activities.ofRepo,
    graceMs: GRACE_MS,
    onFailure: deps.onFailure,
  });
  const control = await Worker.create({
    connection: native,
    namespace,
    taskQueue: CONTROL_QUEUE,
    workflowBundle: deps.workflowBundle,
    activities: activities.control((repoKey) => repoWorkers.ensure(repoKey)),
    shutdownGraceTime: GRACE_MS,
    maxCachedWorkflows: deps.maxCachedWorkflows ?? 100,
  });
  const running = control.run().catch(deps.onFailure);
  // At once, and not when the schedule looks next: also where a worker that is dead had the trackers in its care.
  await patiently(() => calls.pollNow());
  const sign = await showWorker({
    control: store.control,
    name: host,
    unseenMs,
    isRunning: () => control.getState() === 'RUNNING',
    now: Date.now,
  });

  const janitor = startJanitor({
    store,
    dataDir: config.dataDir,
    gitOf: activities.gitOf,
    say: (line) => void process.stderr.write(`${line}\n`),
    now: Date.now,
  });

  return {
    async stop() {
      // What goes on for hours would else be waited for as long as a model call may take.
      stopping.abort();
      // Told first and waited for last: what it removes, or waits for, keeps no worker from its stop.
      const cleared = janitor.stop();
      control.shutdown();
      await Promise.all([running, repoWorkers.stop()]);
      await cleared;
      await sign.stop();
      await native.close();
      await connection.close();
    },
  };
}
