/** Where the time of a run of the tests went: by area, and the slowest files. */
import { areasOf } from './areas.ts';

export interface FileTime {
  /** From the root. */
  readonly file: string;
  /** What its tests and hooks took, one after another; other files ran beside it. */
  readonly ms: number;
  /** Of its process and of the processes that it started and waited for. */
  readonly cpuMs: number;
}

const SLOWEST = 20;

/** A file counts in the narrowest of its areas. */
function areaOf({ file }: FileTime): string {
  return areasOf(file).at(-1) ?? file;
}

export function cpuByArea(files: readonly FileTime[]): Map<string, number> {
  const areas = new Map<string, number>();
  for (const file of files) areas.set(areaOf(file), (areas.get(areaOf(file)) ?? 0) + file.cpuMs);
  return areas;
}

/** Lines for people: seconds of tests an area and what they took of the processors, most first. */
export function timesTable(files: readonly FileTime[]): string[] {
  const areas = Map.groupBy(files, areaOf);
  const rows = [...areas].map(([area, own]) => ({
    area,
    files: own.length,
    ms: own.reduce((sum, one) => sum + one.ms, 0),
    cpuMs: own.reduce((sum, one) => sum + one.cpuMs, 0),
  }));
  const byTime = rows.toSorted((one, other) => other.ms - one.ms);
  const slowest = files.toSorted((one, other) => other.ms - one.ms).slice(0, SLOWEST);
  return [
    'Seconds of tests by area (files run beside one another), and CPU seconds:',
    ...byTime.map(
      (row) =>
        `  ${seconds(row.ms)} ${seconds(row.cpuMs)}  ${row.area} (${row.files} ${row.files === 1 ? 'file' : 'files'})`,
    ),
    'The slowest files:',
    ...slowest.map(({ file, ms, cpuMs }) => `  ${seconds(ms)} ${seconds(cpuMs)}  ${file}`),
  ];
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1).padStart(7);
}
