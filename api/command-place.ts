import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the CLI's commands need at their end to find this api. Shown for copying, so quoted for a shell. */
export function commandPlace(dataDir: string): string {
  if (dataDir === join(homedir(), '.local', 'share', 'lamplighter')) return '';
  return ` --data-dir ${/^[\w./-]+$/.test(dataDir) ? dataDir : `'${dataDir.replaceAll("'", `'\\''`)}'`}`;
}
