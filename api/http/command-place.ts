import { ownDataDir } from '../../config/data-dirs.ts';

/** What the CLI's commands need at their end to find this api. Shown for copying, so quoted for a shell. */
export function commandPlace(dataDir: string): string {
  if (dataDir === ownDataDir()) return '';
  return ` --data-dir ${/^[\w./-]+$/.test(dataDir) ? dataDir : `'${dataDir.replaceAll("'", `'\\''`)}'`}`;
}
