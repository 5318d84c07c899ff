import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { holdingLock } from './host-lock.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('work under one lock never overlaps, and its answers and errors come back', async () => {
  const lock = join(dir, 'lock');
  let inside = 0;
  let most = 0;
  const work = async (answer: number): Promise<number> => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside -= 1;
    if (answer === 3) throw new Error('three');
    return answer;
  };
  const all = await Promise.allSettled([1, 2, 3, 4].map((answer) => holdingLock(lock, () => work(answer))));
  expect(all.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
    1,
    2,
    'Error: three',
    4,
  ]);
  expect(most).toBe(1);
});

test('a holder that is killed gives the lock up', async () => {
  const lock = join(dir, 'lock');
  const script = `
    import { holdingLock } from ${JSON.stringify(new URL('host-lock.ts', import.meta.url).href)};
    import { writeFileSync } from 'node:fs';
    await holdingLock(${JSON.stringify(lock)}, () => { writeFileSync(${JSON.stringify(join(dir, 'held'))}, ''); return new Promise(() => setInterval(() => {}, 1e6)); });`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  await vi.waitFor(() => expect(existsSync(join(dir, 'held'))).toBe(true), 15_000);
  const waiting = holdingLock(lock, () => Promise.resolve('mine'));
  expect(await Promise.race([waiting, new Promise((resolve) => setTimeout(() => resolve('waits'), 500))])).toBe(
    'waits',
  );
  holder.kill('SIGKILL');
  expect(await waiting).toBe('mine');
});

test('a lock that can not be made says so', async () => {
  await expect(holdingLock(join(dir, 'nope', 'lock'), () => Promise.resolve(1))).rejects.toThrow('was not got');
});
