/**
 * The processes of one `up`: started in order, restarted when they die, ended in reverse order. Each dies with this
 * process even when it is killed with SIGKILL: by the kernel's parent-death signal, and the Node ones by their IPC channel.
 */
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isLive, launch, logFile, type ChildSpec, type Launched } from './child.ts';

export interface ChildrenDeps {
  readonly logDir: string;
  readonly say: (line: string) => void;
  /** A child died or was started again: the pids are others now. */
  readonly onChange: () => void;
}

const READY_MS = 60_000;
const DRAIN_MS = 20_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** A child that lived this long has earned a quick restart. */
const STEADY_MS = 10_000;

interface Running {
  readonly spec: ChildSpec;
  current: Launched;
  /** In a row, none of them after a steady life. */
  deaths: number;
}

export interface Children {
  /** Resolves when it can serve. Throws when it ends or hangs before that, or when all are being stopped. */
  start(spec: ChildSpec): Promise<void>;
  /** Pids by name, of those that live. */
  processes(): Readonly<Record<string, number>>;
  /** Ends all, newest first: SIGTERM, then SIGKILL after the drain. */
  stop(): Promise<void>;
  /** No more drain: SIGKILL now. */
  kill(): void;
}

export function createChildren({ logDir, say, onChange }: ChildrenDeps): Children {
  const running: Running[] = [];
  const stopping = new AbortController();
  mkdirSync(logDir, { recursive: true, mode: 0o700 });

  async function start(spec: ChildSpec): Promise<void> {
    stopping.signal.throwIfAborted();
    for (const port of spec.ports ?? []) await port.release();
    const child: Running = { spec, current: launch(spec, logDir), deaths: 0 };
    running.push(child);
    await untilReady(spec, child.current);
    void supervise(child);
  }

  /** Never rejects: whatever a child does, it is started again until all are stopped. */
  async function supervise(child: Running): Promise<void> {
    while (!stopping.signal.aborted) {
      const end = await child.current.ended;
      if (stopping.signal.aborted) return;
      onChange();
      child.deaths = Date.now() - child.current.startedAt > STEADY_MS ? 1 : child.deaths + 1;
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (child.deaths - 1), LONGEST_PAUSE_MS);
      const times = child.deaths === 1 ? '' : `, ${child.deaths} times in a row`;
      say(`${child.spec.name} died (${end})${times}; starting it again in ${pause} ms. Its log: ${nameLog(child)}`);
      // Rejects only when all are stopped, which the loop's condition sees.
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) revive(child);
    }
  }

  function revive(child: Running): void {
    const revived = launch(child.spec, logDir);
    child.current = revived;
    onChange();
    untilReady(child.spec, revived).then(
      () => say(`${child.spec.name} is back after ${Date.now() - revived.startedAt} ms`),
      (error: unknown) => {
        if (stopping.signal.aborted || !isLive(revived)) return;
        // It hangs: its death is what brings the next attempt.
        say(`${String(error)}; it is killed`);
        revived.process.kill('SIGKILL');
      },
    );
  }

  function nameLog({ spec }: Running): string {
    return logFile(logDir, spec);
  }

  async function untilReady(spec: ChildSpec, { process, ended }: Launched): Promise<void> {
    const over = new AbortController();
    const late = delay(READY_MS, undefined, { signal: over.signal }).then(() => {
      throw new Error(`${spec.name} was not ready after ${READY_MS / 1000} s; read ${logFile(logDir, spec)}`);
    });
    const died = ended.then((end) => {
      throw new Error(`${spec.name} ended at start (${end}); read ${logFile(logDir, spec)}`);
    });
    const ready =
      spec.ready === 'ipc'
        ? new Promise((resolve) => {
            process.once('message', resolve);
          })
        : spec.ready(over.signal, process.pid ?? 0);
    try {
      await Promise.race([ready, died, late]);
    } finally {
      over.abort();
    }
  }

  return {
    start,
    processes: () =>
      Object.fromEntries(
        running.flatMap(({ spec, current }) => {
          const { pid } = current.process;
          return isLive(current) && pid !== undefined ? [[spec.name, pid]] : [];
        }),
      ),
    async stop() {
      stopping.abort(new Error('everything is being stopped'));
      for (const { current } of running.toReversed()) await end(current);
    },
    kill() {
      stopping.abort(new Error('everything is being stopped'));
      for (const { current } of running) current.process.kill('SIGKILL');
    },
  };
}

async function end(child: Launched): Promise<void> {
  if (!isLive(child)) return;
  child.process.kill('SIGTERM');
  const timer = setTimeout(() => child.process.kill('SIGKILL'), DRAIN_MS);
  await child.ended;
  clearTimeout(timer);
}
