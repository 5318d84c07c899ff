/**
 * Named places where a test may kill this process: `<name>`, or `<name>@<n>` for the nth passing, one or several; `any` counts
 * the passings of all points. Those beside effects are named by perform.ts, those beside ports by crossed.ts. Armed by
 * configuration only (`LAMPLIGHTER_CRASH`, read in config/), never in production. A marker file makes each armed point fire
 * once, so that the restarted process gets past it, to the next.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ArmedPoint {
  readonly point: string;
  /** Fires at this passing, counted from 1 in this process. */
  readonly at: number;
}

export interface CrashPlan {
  readonly points: readonly ArmedPoint[];
  readonly markerDir: string;
}

export type CrashPoint = (name: string) => void;

const ANY = 'any';

/** Nothing is armed. */
export function noCrash(): void {
  // Deliberately empty: the production case.
}

export function armCrash({ points, markerDir }: CrashPlan): CrashPoint {
  const passed = new Map<string, number>();
  return (name) => {
    for (const counted of [name, ANY]) {
      const times = (passed.get(counted) ?? 0) + 1;
      passed.set(counted, times);
      if (!points.some(({ point, at }) => point === counted && at === times)) continue;
      const marker = join(markerDir, crashMarker(counted, times));
      if (existsSync(marker)) continue;
      writeFileSync(marker, name);
      process.kill(process.pid, 'SIGKILL');
    }
  };
}

/** Name of the file that says that the point has fired; it holds the name of the place. */
export function crashMarker(point: string, at: number): string {
  return `crashed-${point.replaceAll(/[^a-z0-9.-]/gi, '_')}-${at}`;
}
