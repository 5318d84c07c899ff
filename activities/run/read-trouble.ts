import type { Trouble } from '../../domain/trouble.ts';
import type { Control } from '../../store/port.ts';

export async function readTrouble(control: Pick<Control, 'fact'>, run: string): Promise<Trouble | null> {
  return control.fact(troubleKey(run));
}

export function troubleKey(run: string): `trouble/${string}` {
  return `trouble/${run}`;
}
