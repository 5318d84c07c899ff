import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { has } from '../../test/setup/needs.ts';

const module = new URL('./launch.mjs', import.meta.url).href;

/** A process that launches `script` as its command; both write to the same pipe, which ends when the last of them is gone. */
function launching(script: string): ChildProcessByStdio<null, Readable, null> {
  const parent = `
    import { launch } from ${JSON.stringify(module)};
    process.exitCode = await launch(process.execPath, ['-e', ${JSON.stringify(script)}], { PATH: process.env.PATH });`;
  return spawn(process.execPath, ['--input-type=module', '-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] });
}

const waiting = `
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => { console.log(signal); process.exit(7); });
  setInterval(() => {}, 1000);
  console.log('ready');`;

async function said(stream: Readable): Promise<string> {
  const [chunk] = (await once(stream, 'data')) as [Buffer];
  return chunk.toString().trim();
}

test('the exit code of the command becomes ours', async () => {
  const [code] = (await once(launching('process.exit(5)'), 'exit')) as [number];
  expect(code).toBe(5);
});

test('a command ended by a signal gives the code a shell would give', async () => {
  const [code] = (await once(launching("process.kill(process.pid, 'SIGKILL')"), 'exit')) as [number];
  expect(code).toBe(137);
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s without a terminal is passed on, and waited for', async (signal) => {
  const parent = launching(waiting);
  expect(await said(parent.stdout)).toBe('ready');
  parent.kill(signal);
  expect(await said(parent.stdout)).toBe(signal);
  const [code] = (await once(parent, 'exit')) as [number];
  expect(code).toBe(7);
});

test.skipIf(process.platform !== 'linux' || !has('setpriv'))('killed outright, it leaves nothing running', async () => {
  const parent = launching(waiting);
  expect(await said(parent.stdout)).toBe('ready');
  parent.kill('SIGKILL');
  expect(await said(parent.stdout)).toBe('SIGTERM');
  await once(parent.stdout, 'close');
});
