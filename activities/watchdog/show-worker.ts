/** A worker shows itself in the store, so that one which hangs is missed (invariant 10). */
import type { Control } from '../../store/port.ts';

/** Facts that begin so are workers. */
export const WORKER_FACTS = 'worker/';

const EVERY_MS = 30_000;

export interface WorkerSign {
  readonly stopped: boolean;
}

export interface ShowWorkerDeps {
  readonly control: Pick<Control, 'setFact'>;
  /** One name a host: the next process there takes it over. */
  readonly name: string;
  /** After how long it would be missed: it shows itself several times in that. */
  readonly unseenMs: number;
  readonly isRunning: () => boolean;
  readonly now: () => number;
}

export async function showWorker(deps: ShowWorkerDeps): Promise<{ stop(): Promise<void> }> {
  const { control, name, unseenMs, isRunning, now } = deps;
  const show = async (stopped: boolean): Promise<void> => {
    try {
      await control.setFact(`${WORKER_FACTS}${name}`, { stopped } satisfies WorkerSign, now());
    } catch {
      // A store that can't be written is missed by what needs it; if it lasts, so is this worker.
    }
  };
  let showing = show(false);
  await showing;
  const timer = setInterval(
    () => {
      if (isRunning()) showing = show(false);
    },
    Math.max(20, Math.min(EVERY_MS, unseenMs / 4)),
  );
  return {
    async stop() {
      clearInterval(timer);
      await showing;
      await show(true);
    },
  };
}
