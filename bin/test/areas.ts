/**
 * Areas of the tests, as in `npm test -- store gates`, and files, as in `npm test -- store/schema.test.ts`. A folder of sources is an area by its
 * name, and so is a folder of `activities/` or of `test/`; one name may stand for several folders. Only names that would surprise are listed.
 */
import { globSync } from 'node:fs';

const surprising: Record<string, readonly string[]> = {
  bootstrap: ['bin/'],
  check: ['bin/check/'],
  // What belongs to the verbs stands with its kind: rules, command, client.
  breakglass: ['domain/breakglass/', 'cli/breakglass/'],
};
const skipped = (name: string): boolean => name === 'node_modules' || name === 'fixtures' || name.startsWith('.git');

/** Every behaviour once: what `npm test` runs. */
export const TESTS = '**/*.test.ts';
/** Rounds, seeds, further boots and languages: what `npm run deep` runs. */
export const DEEP = '**/*.deep.ts';

export function testFiles(root: string, kind: typeof TESTS | typeof DEEP): string[] {
  return globSync(kind, { cwd: root, exclude: skipped })
    .filter((file) => !/^playground\/.*\brepo\//.test(file))
    .sort();
}

/** `activities/git/x.test.ts` belongs to activities and to git; `store/y.test.ts` to store. */
export function areasOf(file: string): string[] {
  const [top = '', second = '', third] = file.split('/');
  const nested = (top === 'activities' || top === 'test') && third !== undefined;
  const named = Object.entries(surprising).filter(([, folders]) => folders.some((folder) => file.startsWith(folder)));
  return [...(top === 'test' ? [] : [top]), ...(nested ? [second] : []), ...named.map(([area]) => area)];
}

export function areaNames(files: readonly string[]): string[] {
  return [...new Set(files.flatMap(areasOf))].sort();
}

/** The files of the areas, files and folders asked for, or the names nobody knows. */
export function select(
  files: readonly string[],
  asked: readonly string[],
): { files: string[] } | { unknown: string[] } {
  const known = areaNames(files);
  const wanted = asked.map((name) => {
    const path = name.replace(/^\.\//, '').replace(/\/$/, '');
    const wants = known.includes(name)
      ? (file: string) => areasOf(file).includes(name)
      : (file: string) => file === path || file.startsWith(`${path}/`);
    return { name, files: files.filter(wants) };
  });
  const unknown = wanted.filter((one) => one.files.length === 0).map((one) => one.name);
  if (unknown.length > 0) return { unknown };
  const all = new Set(wanted.flatMap((one) => one.files));
  return { files: files.filter((file) => asked.length === 0 || all.has(file)) };
}
