/** How long a run's session was held over the run's life: a fact that the holds write, and that whoever judges session time takes off. */
import type { Control } from '../../store/port.ts';

export interface Held {
  /** Over the run's life, up to `since`. */
  readonly ms: number;
  /** Of the newest attempt, when it was held. */
  readonly since: number | null;
  /** The activity that was held. */
  readonly of: string;
}

export async function readHeld(control: Pick<Control, 'fact'>, runId: string): Promise<Held> {
  const fact = await control.fact(factOf(runId));
  return fact === null || fact === undefined ? { ms: 0, since: null, of: '' } : (fact as Held);
}

export function writeHeld(control: Pick<Control, 'setFact'>, runId: string, held: Held, at: number): Promise<void> {
  return control.setFact(factOf(runId), held, at);
}

/** Session time without holds. A count that is shorter than what was held has begun anew since, as that of a rebuilt run does. */
export function withoutHolds(elapsedMs: number, heldMs: number): number {
  return elapsedMs < heldMs ? elapsedMs : elapsedMs - heldMs;
}

function factOf(runId: string): string {
  return `held/${runId}`;
}
