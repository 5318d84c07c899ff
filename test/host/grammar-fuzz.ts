/** Facts 5.8: thousands of inputs, judged by the host's own grammar and by a second reading of it. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { expected, inputs } from './inputs.ts';

const driver = fileURLToPath(new URL('grammar-driver.sh', import.meta.url));
const hostFolder = fileURLToPath(new URL('../../host', import.meta.url));

/** A NUL can't be in an argument or a variable of the environment, so no client can send one: it is what separates the inputs here. */
function judged(all: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'grammar-'));
  const file = join(folder, 'inputs');
  // A file, because bash reads a pipe byte by byte.
  writeFileSync(file, all.map((text) => `${text}\0`).join(''));
  const input = openSync(file, 'r');
  const { stdout, status } = spawnSync(driver, [hostFolder], { stdio: [input, 'pipe', 'inherit'], maxBuffer: 1 << 28 });
  closeSync(input);
  rmSync(folder, { recursive: true });
  expect(status).toBe(0);
  return stdout.toString().split('\n').slice(0, -1);
}

export function expectOneReading(count: number, seed: number): void {
  const all = inputs(count, seed);

  const verdicts = judged(all);

  expect(verdicts.length).toBe(all.length);
  const wrong = all.map((input, index) => ({ input, said: verdicts[index], want: expected(input) }));
  expect(wrong.filter(({ said, want }) => said !== want).slice(0, 5), `seed ${seed}`).toEqual([]);
  // A fuzz that never hits the grammar, or never misses it, proves nothing.
  expect(verdicts.filter((verdict) => verdict !== 'rejected').length).toBeGreaterThan(count / 20);
  expect(verdicts.filter((verdict) => verdict === 'rejected').length).toBeGreaterThan(count / 2);
}

/** Another one at each run; what a failure names is repeated by the variable. */
export function seedOfFuzz(): number {
  return Number(process.env['LAMPLIGHTER_FUZZ_SEED'] ?? Date.now() % 1_000_000);
}
