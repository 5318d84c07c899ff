/** Watches for a person's stop while a command runs: an act or the kill switch ends it within two seconds. */

export interface StopWatch {
  /** Aborted by a stop, when `outer` is, or when nobody could look for a while: a watch that can't see must not pass for one that saw nothing. */
  readonly signal: AbortSignal;
  readonly stopped: () => boolean;
  /** Resolves when no look is under way any more. A failed look costs nothing: whoever goes on reads the acts anew. */
  end(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
/** A store that fails over is back by then. */
const BLIND_MS = 30_000;

export function createStopWatch(shouldStop: () => Promise<boolean>, outer: AbortSignal, blindMs = BLIND_MS): StopWatch {
  const controller = new AbortController();
  let stopped = false;
  let sawAt = performance.now();
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    try {
      stopped = await shouldStop();
      sawAt = performance.now();
      if (stopped) controller.abort();
    } catch {
      // Not seen, which is counted: the next look follows in a second.
      if (performance.now() - sawAt >= blindMs) controller.abort();
    } finally {
      looking = null;
    }
  }

  const timer = setInterval(() => {
    if (!controller.signal.aborted) looking ??= look();
  }, LOOK_EVERY_MS);
  return {
    signal: AbortSignal.any([controller.signal, outer]),
    stopped: () => stopped,
    async end() {
      clearInterval(timer);
      await looking;
    },
  };
}
