/**
 * Tests that need a part of the operating system ask for it, and are skipped by name where it is missing:
 *
 *   describe.skipIf(!has('postgres'))('the store on PostgreSQL', () => { … });
 *
 * What was missing, and for which file, is recorded for the runner, which lists it with its remedy: never a silent hole.
 */
import { appendFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type Probe, probePart, type SystemPartName } from '../../config/system-parts.ts';

/** One line of the record that the runner reads. */
export interface MissingPart {
  file: string;
  part: SystemPartName;
  why: string;
  remedy: string;
}

const probes = new Map<SystemPartName, Probe>();

export function has(part: SystemPartName): boolean {
  const probe = probes.get(part) ?? probePart(part, process.env);
  probes.set(part, probe);
  if (!probe.present) record({ file: expect.getState().testPath ?? '', part, why: probe.why, remedy: probe.remedy });
  return probe.present;
}

function record(missing: MissingPart): void {
  const path = process.env['LAMPLIGHTER_TEST_MISSING'];
  // Short enough for one atomic append: several test processes write to this file.
  if (path) appendFileSync(path, `${JSON.stringify(missing)}\n`);
}
