/** What the lab keeps is some hundred megabytes for each recipe, and recipes change. */
import { globSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const keptMs = 30 * 86_400_000;

/** Removes what another recipe made a month ago or earlier; whoever still asks for one of these makes it again. */
export function clearOld(cache: string, prefix: string, fresh: string): void {
  for (const name of globSync(`${prefix}-*`, { cwd: cache })) {
    const folder = join(cache, name);
    if (folder !== fresh && Date.now() - statSync(folder).mtimeMs > keptMs) rmSync(folder, { recursive: true });
  }
}
