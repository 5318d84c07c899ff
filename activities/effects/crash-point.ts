/**
 * Named places where a test may kill this process: `<name>` or `<name>@<n>` for the nth passing. Armed by configuration
 * only (`LAMPLIGHTER_CRASH`, read in config/), never in production. A marker file makes each armed point fire once,
 * so that the restarted process gets past it.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CrashPlan {
  readonly point: string;
  /** Fires at this passing, counted from 1 in this process. */
  readonly at: number;
  readonly markerDir: string;
}

export type CrashPoint = (name: string) => void;

/** Nothing is armed. */
export function noCrash(): void {
  // Deliberately empty: the production case.
}

export function armCrash(plan: CrashPlan): CrashPoint {
  let passed = 0;
  const marker = join(plan.markerDir, `crashed-${plan.point.replaceAll(/[^a-z0-9.-]/gi, '_')}-${plan.at}`);
  return (name) => {
    if (name !== plan.point || existsSync(marker)) return;
    passed += 1;
    if (passed !== plan.at) return;
    writeFileSync(marker, '');
    process.kill(process.pid, 'SIGKILL');
  };
}
