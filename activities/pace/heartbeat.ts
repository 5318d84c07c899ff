import { Context } from '@temporalio/activity';

export interface Beat {
  readonly signal: AbortSignal;
  readonly heartbeat: () => void;
}

/** Runs `work` with a steady heartbeat, so that a dead worker is noticed and a cancellation arrives. */
export async function heartbeating<T>(work: (beat: Beat) => Promise<T>): Promise<T> {
  const context = Context.current();
  const heartbeat = (): void => context.heartbeat();
  // The SDK throttles these to a share of the heartbeat timeout.
  const timer = setInterval(heartbeat, 1_000);
  heartbeat();
  try {
    const result = await work({ signal: context.cancellationSignal, heartbeat });
    return result;
  } finally {
    clearInterval(timer);
  }
}
