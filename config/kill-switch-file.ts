import { join } from 'node:path';

/** The kill switch as a file: while it is there, nothing is dispatched or spent, also with the store and Temporal down (invariant 8). */
export function killSwitchFile(dataDir: string): string {
  return join(dataDir, 'kill-switch');
}
