import type { RunEvent } from './stage.ts';

/** How often in a row work has ended without a transition, whose number is the durable progress of a run. */
export interface Rounds {
  readonly seq: number;
  readonly idle: number;
}

export function afterRound({ seq: before, idle }: Rounds, seq: number): Rounds {
  return { seq, idle: seq === before ? idle + 1 : 0 };
}

/** Work may end once with nothing to show, because something was to be looked at first. Twice is a loop, and a fault of ours. */
export function standstill({ idle }: Rounds, work: string): Extract<RunEvent, { kind: 'failed' }> | null {
  if (idle < 2) return null;
  const reason = `the work "${work}" ended ${idle} times in a row and moved nothing: this is a fault of Lamplighter itself, report it with the worker's log`;
  return { kind: 'failed', reason };
}
