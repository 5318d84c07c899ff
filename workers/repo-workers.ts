/**
 * One worker a repo that has work and whose checkout this host holds, on the repo's own task queue. It exists only while the lane has an
 * open run, and idles out after it, so that hundreds of enrolled repos cost nothing.
 */
import { Worker, type NativeConnection } from '@temporalio/worker';
import type { Lease } from '../activities/checkout/lease.ts';
import { repoTaskQueue } from '../domain/repo.ts';

export interface RepoWorkersDeps {
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Repo keys with an open run. */
  readonly wanted: () => Promise<readonly string[]>;
  readonly lease: Pick<Lease, 'holds' | 'renew'>;
  readonly activitiesOf: (repoKey: string) => object;
  readonly graceMs: number;
  readonly onFailure: (error: unknown) => void;
}

interface Live {
  readonly worker: Worker;
  readonly done: Promise<void>;
  idleSince: number | null;
}

const LOOK_EVERY_MS = 1_000;
const IDLE_MS = 60_000;

export interface RepoWorkers {
  /** At once, when this process has just opened a run; nothing where another host holds the repo. */
  ensure(repoKey: string): Promise<void>;
  stop(): Promise<void>;
}

export function createRepoWorkers(deps: RepoWorkersDeps): RepoWorkers {
  const live = new Map<string, Promise<Live>>();
  let stopping = false;

  async function open(repoKey: string): Promise<Live> {
    const worker = await Worker.create({
      connection: deps.connection,
      namespace: deps.namespace,
      taskQueue: repoTaskQueue(repoKey),
      activities: deps.activitiesOf(repoKey),
      shutdownGraceTime: deps.graceMs,
      maxConcurrentActivityTaskExecutions: 8,
    });
    const done = worker.run().catch(deps.onFailure);
    return { worker, done, idleSince: null };
  }

  async function ensure(repoKey: string): Promise<void> {
    if (stopping || !(await deps.lease.holds(repoKey))) return;
    if (!live.has(repoKey)) live.set(repoKey, open(repoKey));
    const one = await live.get(repoKey);
    if (one !== undefined) one.idleSince = null;
  }

  async function look(): Promise<void> {
    await deps.lease.renew();
    const wanted = new Set(await deps.wanted());
    for (const repoKey of wanted) await ensure(repoKey);
    for (const [repoKey, opening] of live) {
      const isOurs = await deps.lease.holds(repoKey);
      if (isOurs && wanted.has(repoKey)) continue;
      const one = await opening;
      one.idleSince ??= Date.now();
      if (isOurs && Date.now() - one.idleSince < IDLE_MS) continue;
      live.delete(repoKey);
      one.worker.shutdown();
    }
  }

  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look).catch(deps.onFailure);
  }, LOOK_EVERY_MS);

  return {
    ensure,
    async stop() {
      stopping = true;
      clearInterval(timer);
      await looking;
      for (const opening of live.values()) {
        const one = await opening;
        if (one.worker.getState() === 'RUNNING') one.worker.shutdown();
        await one.done;
      }
    },
  };
}
