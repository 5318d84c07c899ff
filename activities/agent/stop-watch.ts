/** Watches for a person's stop while a command runs: an act or the kill switch ends it within two seconds. */

export interface StopWatch {
  /** Aborted by a stop, or when `outer` is. */
  readonly signal: AbortSignal;
  readonly stopped: () => boolean;
  /** Throws what went wrong while it watched: a watch that can't see must not pass for one that saw nothing. */
  end(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;

export function createStopWatch(shouldStop: () => Promise<boolean>, outer: AbortSignal): StopWatch {
  const controller = new AbortController();
  let stopped = false;
  let failure: { readonly error: unknown } | null = null;
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    try {
      if (!(await shouldStop())) return;
      stopped = true;
      controller.abort();
    } catch (error) {
      failure ??= { error };
      controller.abort();
    } finally {
      looking = null;
    }
  }

  const timer = setInterval(() => {
    looking ??= look();
  }, LOOK_EVERY_MS);
  return {
    signal: AbortSignal.any([controller.signal, outer]),
    stopped: () => stopped,
    async end() {
      clearInterval(timer);
      await looking;
      if (failure !== null) throw failure.error;
    },
  };
}
