/** How long a unit's session was held over the unit's life: a fact that the holds write, and that whoever judges session time takes off. */
import type { Control } from '../../store/port.ts';

export interface Held {
  /** Over the unit's life, up to `since`. */
  readonly ms: number;
  /** Of the newest attempt, when it was held. */
  readonly since: number | null;
  /** The activity that was held. */
  readonly of: string;
}

export async function readHeld(control: Pick<Control, 'fact'>, unit: string): Promise<Held> {
  return (await control.fact(factOf(unit))) ?? { ms: 0, since: null, of: '' };
}

export function writeHeld(control: Pick<Control, 'setFact'>, unit: string, held: Held, at: number): Promise<void> {
  return control.setFact(factOf(unit), held, at);
}

/** Session time without holds. A count that is shorter than what was held has begun anew since, as that of a rebuilt workflow does. */
export function withoutHolds(elapsedMs: number, heldMs: number): number {
  return elapsedMs < heldMs ? elapsedMs : elapsedMs - heldMs;
}

function factOf(unit: string): `held/${string}` {
  return `held/${unit}`;
}
