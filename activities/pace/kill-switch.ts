import { existsSync } from 'node:fs';
import { killSwitchFile } from '../../config/kill-switch-file.ts';
import type { Control } from '../../store/port.ts';
import { notYet } from './waiting.ts';

/** On by the store's row or by a file in the data directory: either alone stops everything (invariant 8). */
export async function isKilled(control: Pick<Control, 'killSwitch'>, dataDir: string): Promise<boolean> {
  return existsSync(killSwitchFile(dataDir)) || (await control.killSwitch()).on;
}

export async function holdWhileKilled(control: Pick<Control, 'killSwitch'>, dataDir: string): Promise<void> {
  if (await isKilled(control, dataDir)) throw notYet('the kill switch is on');
}
