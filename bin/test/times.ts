/** Where the time of a run of the tests went: by area, and the slowest files. */
import { areasOf } from './areas.ts';

export interface FileTime {
  /** From the root. */
  readonly file: string;
  /** What its tests and hooks took, one after another; other files ran beside it. */
  readonly ms: number;
}

const SLOWEST = 20;

/** Lines for people: seconds of tests an area, most first; a file counts in the narrowest of its areas. */
export function timesTable(files: readonly FileTime[]): string[] {
  const areas = new Map<string, { ms: number; files: number }>();
  for (const { file, ms } of files) {
    const area = areasOf(file).at(-1) ?? file;
    const sum = areas.get(area) ?? { ms: 0, files: 0 };
    areas.set(area, { ms: sum.ms + ms, files: sum.files + 1 });
  }
  const byTime = [...areas].toSorted(([, one], [, other]) => other.ms - one.ms);
  const slowest = files.toSorted((one, other) => other.ms - one.ms).slice(0, SLOWEST);
  return [
    'Seconds of tests by area (files run beside one another):',
    ...byTime.map(
      ([area, sum]) => `  ${seconds(sum.ms)}  ${area} (${sum.files} ${sum.files === 1 ? 'file' : 'files'})`,
    ),
    'The slowest files:',
    ...slowest.map(({ file, ms }) => `  ${seconds(ms)}  ${file}`),
  ];
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1).padStart(7);
}
