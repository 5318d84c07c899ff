/**
 * Runs before each test file: when the file has ended, what it took of the processors is recorded for the runner, which holds it against the
 * budget of its area. Processor time is what a busy machine does not change much; time on the wall says nothing beside other work.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { afterAll, expect } from 'vitest';

/** One line of the record that the runner reads. */
export interface CpuTime {
  /** Absolute. */
  readonly file: string;
  readonly cpuMs: number;
}

/** The kernel counts in hundredths of a second wherever we run (`getconf CLK_TCK`). */
const MS_PER_TICK = 10;

/** Of this process and of every child that it waited for, theirs included. */
function cpuMs(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // The name in parentheses may hold spaces: fields are counted behind it. utime, stime, cutime, cstime are fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks * MS_PER_TICK;
}

// Hooks run in the reverse order of their registration: the file's own come first, and what they end is counted.
afterAll(() => {
  const path = process.env['LAMPLIGHTER_TEST_CPU'];
  const taken: CpuTime = { file: expect.getState().testPath ?? '', cpuMs: cpuMs() };
  if (path) appendFileSync(path, `${JSON.stringify(taken)}\n`);
});
