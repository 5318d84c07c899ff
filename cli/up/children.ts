/**
 * The processes of one `up`: started in order, restarted when they die, ended in reverse order. Each dies with this
 * process even when it is killed with SIGKILL: by the kernel's parent-death signal, and the Node ones by their IPC channel.
 */
import { mkdirSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isLive, launch, logFile, type ChildSpec, type End, type Launched } from './child.ts';
import { openLogFile } from './log-file.ts';

export interface ChildrenDeps {
  readonly logDir: string;
  readonly say: (line: string) => void;
  /** A child died or was started again: the pids are others now. */
  readonly onChange: () => void;
}

/** A machine under load takes its time to bundle the workflows: who is killed for that never gets there. */
const READY_MS = 180_000;
const DRAIN_MS = 20_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** A child that lived this long has earned a quick restart. */
const STEADY_MS = 10_000;

interface Running {
  readonly spec: ChildSpec;
  readonly log: Writable;
  current: Launched;
  /** In a row, none of them after a steady life. */
  deaths: number;
}

export interface Children {
  /**
   * Resolves when it can serve, however often it died or hung on the way there. Throws when it says itself that it can't, or when
   * all are being stopped.
   */
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
    for (const port of spec.ports ?? []) await port.release();
    stopping.signal.throwIfAborted();
    const log = openLog(spec);
    const child: Running = { spec, log, current: launch(spec, log), deaths: 0 };
    running.push(child);
    while (!(await getsReady(child, say))) {
      const end = await child.current.ended;
      stopping.signal.throwIfAborted();
      if (end.isFinal) throw new Error(await inWords(child, end));
      await startAgain(child, end);
      stopping.signal.throwIfAborted();
    }
    void supervise(child);
  }

  /** Never rejects: whatever a child that once served does, it is started again until all are stopped. */
  async function supervise(child: Running): Promise<void> {
    for (;;) {
      const end = await child.current.ended;
      if (stopping.signal.aborted) return;
      await startAgain(child, end);
      if (await getsReady(child, say))
        say(`${child.spec.name} is back after ${Date.now() - child.current.startedAt} ms`);
    }
  }

  async function startAgain(child: Running, end: End): Promise<void> {
    onChange();
    child.deaths = Date.now() - child.current.startedAt > STEADY_MS ? 1 : child.deaths + 1;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (child.deaths - 1), LONGEST_PAUSE_MS);
    const times = child.deaths === 1 ? '' : `, ${child.deaths} times in a row`;
    say(`${child.spec.name} died (${end.how})${times}; starting it again in ${pause} ms. Its log: ${nameLog(child)}`);
    // Rejects only when all are stopped, which is looked at next.
    await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    if (stopping.signal.aborted) return;
    child.current = launch(child.spec, child.log);
    onChange();
  }

  async function inWords(child: Running, end: End): Promise<string> {
    await child.current.drained;
    const words = child.current.lastWords();
    return `${child.spec.name} ended at start (${end.how})${words === '' ? '' : `: ${words}`}; read ${nameLog(child)}`;
  }

  function openLog(spec: ChildSpec): Writable {
    const path = logFile(logDir, spec);
    return openLogFile({
      path,
      onTrouble: (reason) =>
        say(reason === null ? `${path} is written again` : `${path} cannot be written, and all goes on: ${reason}`),
    });
  }

  function nameLog({ spec }: Running): string {
    return logFile(logDir, spec);
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
      for (const { current, log } of running.toReversed()) {
        await end(current);
        await current.drained;
        await new Promise((resolve) => log.end(resolve));
      }
    },
    kill() {
      stopping.abort(new Error('everything is being stopped'));
      for (const { current } of running) current.process.kill('SIGKILL');
    },
  };
}

/** False when it has ended, or hung for so long that it was killed. */
async function getsReady({ spec, current }: Running, say: ChildrenDeps['say']): Promise<boolean> {
  const over = new AbortController();
  const late = delay(READY_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${spec.name} was not ready after ${READY_MS / 1000} s`);
  });
  const died = current.ended.then(() => 'died' as const);
  try {
    return (await Promise.race([untilReady(spec, current, over.signal), died, late])) === 'ready';
  } catch (error) {
    // It hangs: its death is what brings the next attempt.
    say(`${error instanceof Error ? error.message : String(error)}; it is killed`);
    current.process.kill('SIGKILL');
    return false;
  } finally {
    over.abort();
  }
}

async function untilReady(spec: ChildSpec, { process }: Launched, signal: AbortSignal): Promise<'ready'> {
  if (spec.ready === 'ipc') await new Promise((resolve) => process.once('message', resolve));
  else await spec.ready(signal, process.pid ?? 0);
  return 'ready';
}

async function end(child: Launched): Promise<void> {
  if (!isLive(child)) return;
  child.process.kill('SIGTERM');
  const timer = setTimeout(() => child.process.kill('SIGKILL'), DRAIN_MS);
  await child.ended;
  clearTimeout(timer);
}
