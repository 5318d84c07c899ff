import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Control } from '../../store/port.ts';

/** On by the store's row or by a file in the data directory: either alone stops everything (invariant 8). */
export async function isKilled(control: Pick<Control, 'killSwitch'>, dataDir: string): Promise<boolean> {
  return existsSync(join(dataDir, 'kill-switch')) || (await control.killSwitch()).on;
}
