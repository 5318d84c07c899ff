/**
 * Runs before each test file: when the file has ended, what it took of the processors is recorded for the runner, which holds it against the
 * budget of its area. Processor time is what a busy machine does not change much; time on the wall says nothing beside other work.
 */
import { appendFileSync } from 'node:fs';
import { afterAll, expect } from 'vitest';
import { cpuTimeOf } from './cpu-time.ts';

/** One line of the record that the runner reads. */
export interface CpuOfFile {
  /** Absolute. */
  readonly file: string;
  readonly cpuMs: number;
}

// Hooks run in the reverse order of their registration: the file's own come first, and what they end is counted.
afterAll(() => {
  const path = process.env['LAMPLIGHTER_TEST_CPU'];
  const { own, children } = cpuTimeOf('self');
  const taken: CpuOfFile = { file: expect.getState().testPath ?? '', cpuMs: own + children };
  if (path) appendFileSync(path, `${JSON.stringify(taken)}\n`);
});
