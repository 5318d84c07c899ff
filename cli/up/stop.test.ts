import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

/** A process that drains for ever once it was asked to stop. */
const SCRIPT = `
import { stopOnSignal } from ${JSON.stringify(new URL('stop.ts', import.meta.url).href)};
const stop = stopOnSignal({ kill: () => process.stdout.write('children killed ') }, (line) => process.stderr.write(line));
setInterval(() => {}, 1000);
stop.asked.then(() => process.send('draining'));
process.on('message', () => process.exit(0));
process.send('ready');
`;

async function startDraining(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  await once(child, 'message');
  child.kill('SIGINT');
  await once(child, 'message');
  return child;
}

describe('stopOnSignal', () => {
  it('takes a second signal within a second for the first: a terminal signals the whole process group', async () => {
    const child = await startDraining();
    child.kill('SIGTERM');
    child.kill('SIGINT');
    const exit = once(child, 'exit');
    // Comes after the signals, and is what ends it.
    await delay(200);
    child.send('end');

    expect(await exit).toEqual([0, null]);
  });

  it('kills at a second Ctrl-C', async () => {
    const child = await startDraining();
    // The window is a second of real time: nothing in the process tells its end.
    await delay(1_100);
    if (child.stdout === null) throw new Error('its output is not piped');
    const out = text(child.stdout);
    child.kill('SIGINT');

    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(await out).toBe('children killed ');
  });
});
