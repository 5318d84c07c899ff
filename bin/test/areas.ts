/**
 * Areas of the tests, as in `npm test -- store gates`. A folder of sources is an area by its name, and so is a folder of `activities/`
 * or of `test/`; one name may stand for several folders. Only names that would surprise are listed.
 */
import { globSync } from 'node:fs';

const surprising: Record<string, readonly string[]> = {
  bootstrap: ['bin/'],
  check: ['bin/check/'],
  // What belongs to the verbs stands with its kind: rules, command, client.
  breakglass: ['domain/breakglass/', 'cli/breakglass/'],
};
const skipped = (name: string): boolean => name === 'node_modules' || name === 'fixtures' || name.startsWith('.git');

export function testFiles(root: string): string[] {
  return globSync('**/*.test.ts', { cwd: root, exclude: skipped })
    .filter((file) => !/^playground\/.*\brepo\//.test(file))
    .sort();
}

/** `activities/git/x.test.ts` belongs to activities and to git; `store/y.test.ts` to store. */
function areasOf(file: string): string[] {
  const [top = '', second = '', third] = file.split('/');
  const nested = (top === 'activities' || top === 'test') && third !== undefined;
  const named = Object.entries(surprising).filter(([, folders]) => folders.some((folder) => file.startsWith(folder)));
  return [...(top === 'test' ? [] : [top]), ...(nested ? [second] : []), ...named.map(([area]) => area)];
}

export function areaNames(files: readonly string[]): string[] {
  return [...new Set(files.flatMap(areasOf))].sort();
}

/** The files of the areas asked for, or the names nobody knows. */
export function select(
  files: readonly string[],
  areas: readonly string[],
): { files: string[] } | { unknown: string[] } {
  const known = areaNames(files);
  const unknown = areas.filter((area) => !known.includes(area));
  if (unknown.length > 0) return { unknown };
  return { files: files.filter((file) => areas.length === 0 || areasOf(file).some((area) => areas.includes(area))) };
}
