import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * The folder without any link on its way, whether or not it is there yet. Git writes such paths into what it makes, and a sandbox
 * binds by path: one place must have one name.
 */
export function realFolder(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT') || dirname(whole) === whole)
      throw error;
    return join(realFolder(dirname(whole)), basename(whole));
  }
}
