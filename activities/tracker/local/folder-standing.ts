import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';

/** A file system's clock ticks in milliseconds at best, and in seconds at worst: two changes within one tick look like one. */
const SETTLED_MS = 2_000;

/**
 * How files of a folder stand, by what the file system says of them; two equal answers mean equal contents. Null for no file at all, while
 * one of them is so young that a further change might not show, and where one vanishes under the look.
 */
export function standingOf(dir: string, names: readonly string[]): string | null {
  if (names.length === 0) return null;
  const digest = createHash('sha256');
  const settled = Date.now() - SETTLED_MS;
  for (const name of names) {
    const stat = lstatSync(join(dir, name), { bigint: true, throwIfNoEntry: false });
    if (stat === undefined || Number(stat.ctimeMs) > settled) return null;
    digest.update(`${name}\0${stat.ino}\0${stat.size}\0${stat.mtimeNs}\0${stat.ctimeNs}\n`);
  }
  return digest.digest('hex');
}
