/** What `npm run deep` can be asked for: the areas of the files of the deep tier, and those of the crash runner. */
import { AREAS } from '../../bench/crash/areas.ts';
import { areasOf } from './areas.ts';

export interface DeepArea {
  readonly name: string;
  readonly files: readonly string[];
  /** Whether the crash runner has an area of this name. */
  readonly crash: boolean;
}

/** In the order of their names; a file counts in the narrowest of its areas, as in the table of `npm test`. */
export function deepAreas(files: readonly string[]): DeepArea[] {
  const byArea = Map.groupBy(files, (file) => areasOf(file).at(-1) ?? file);
  const names = new Set([...byArea.keys(), ...Object.keys(AREAS)]);
  return [...names]
    .toSorted()
    .map((name) => ({ name, files: byArea.get(name) ?? [], crash: Object.hasOwn(AREAS, name) }));
}
