import type { Trouble } from '../../domain/trouble.ts';
import type { Control } from '../../store/port.ts';

export async function readTrouble(control: Pick<Control, 'fact'>, run: string): Promise<Trouble | null> {
  // Written by activities/run/trouble.ts alone, from this very shape.
  return ((await control.fact(troubleKey(run))) ?? null) as Trouble | null;
}

export function troubleKey(run: string): string {
  return `trouble/${run}`;
}
