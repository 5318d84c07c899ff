import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChildSpec } from './child.ts';
import { createChildren, type Children } from './children.ts';

const READY = 'process.send({ ready: true });';
const STAYS = 'setInterval(() => {}, 1000);';

let dir: string;
let children: Children;
let said: string[];
let changes: number;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-children-'));
  said = [];
  changes = 0;
  children = createChildren({
    logDir: join(dir, 'logs'),
    say: (line) => said.push(line),
    onChange: () => {
      changes += 1;
    },
  });
});

afterEach(async () => {
  await children.stop();
  rmSync(dir, { recursive: true });
});

function node(name: string, script: string): ChildSpec {
  return { name, command: process.execPath, args: ['-e', script], env: { PATH: '/usr/bin:/bin' }, ready: 'ipc' };
}

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const end = Date.now() + 10_000; ;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`${what}: not within 10 s; it said ${said.join(' | ')}`);
    await delay(10);
  }
}

describe('the children of up', () => {
  it('one that dies is started again under another pid, which is made known', async () => {
    await children.start(node('worker', `${READY}${STAYS}`));
    const first = children.processes()['worker'] ?? 0;

    process.kill(first, 'SIGKILL');
    await until('no stale pid', () => changes > 0);
    const second = await until('another pid', () => {
      const pid = children.processes()['worker'];
      return pid !== first && pid;
    });

    expect(second).not.toBe(first);
    await until('it says so', () => said.some((line) => /^worker is back after \d+ ms$/.test(line)));
    expect(said[0]).toMatch(/^worker died \(SIGKILL\); starting it again in 200 ms\. Its log: .*worker\.log$/);
  });

  it('one that dies at once again and again is tried ever more slowly, and each death is said', async () => {
    const count = join(dir, 'starts');
    await children.start(node('api', `require('fs').appendFileSync(${JSON.stringify(count)}, '.');${READY}`));

    await until('a fourth death', () => said.some((line) => line.includes('4 times in a row')));

    expect(said.flatMap((line) => /again in (\d+) ms/.exec(line)?.[1] ?? [])).toEqual(['200', '400', '800', '1600']);
    expect(readFileSync(count, 'utf8')).toHaveLength(4);
  });

  it('one that says at its first start why it cannot run is an error with its words, and names its log', async () => {
    await expect(children.start(node('model', 'console.error("no scenario"); process.exit(3)'))).rejects.toThrow(
      /^model ended at start \(code 3\): no scenario; read .*model\.log$/,
    );
    await expect(children.start(node('worker', 'throw new TypeError("a bug")'))).rejects.toThrow(
      /^worker ended at start \(code 1\): TypeError: a bug; read .*worker\.log$/,
    );
    expect(said).toEqual([]);
  });

  it.each([
    ['a signal', `process.kill(process.pid, 'SIGKILL');${STAYS}`, 'SIGKILL'],
    ['a signal that it answers', 'process.exit(0)', 'code 0'],
    ['the want of another part', 'process.exit(75)', 'code 75'],
  ])('one that dies of %s while it starts is started again until it is ready', async (_of, death, how) => {
    const count = join(dir, 'starts');
    const script = `const fs = require('fs'); fs.appendFileSync(${JSON.stringify(count)}, '.');
      if (fs.readFileSync(${JSON.stringify(count)}).length < 3) { ${death} } else { ${READY}${STAYS} }`;

    await children.start(node('api', script));

    expect(said.filter((line) => line.startsWith(`api died (${how})`))).toHaveLength(2);
    expect(children.processes()['api']).toBeGreaterThan(0);
  });

  it('prepares each start, so that what a death left half made is seen to', async () => {
    let prepared = 0;
    const prepare = (): void => void (prepared += 1);
    await children.start({ ...node('temporal', `${READY}${STAYS}`), prepare });
    process.kill(children.processes()['temporal'] ?? 0, 'SIGKILL');

    await until('it is back', () => said.some((line) => line.startsWith('temporal is back')));
    expect(prepared).toBe(2);
  });

  it('one whose log cannot be written runs on, and its up as well', async () => {
    rmSync(join(dir, 'logs'), { recursive: true });
    await children.start(node('api', `setInterval(() => console.error('a line'), 10);${READY}`));

    await until('it is said', () =>
      said.some((line) => /api\.log cannot be written, and all goes on: .*ENOENT/.test(line)),
    );
    expect(children.processes()['api']).toBeGreaterThan(0);
  });

  it('a program that is not there is an error, not a crash of up', async () => {
    const spec: ChildSpec = { ...node('temporal', ''), command: join(dir, 'nowhere'), ready: () => delay(60_000) };

    await expect(children.start(spec)).rejects.toThrow(/^temporal ended at start \(code 127\)/);
  });

  it('stop ends the newest first, and starts nothing again', async () => {
    const order = join(dir, 'order');
    const recording = (name: string): string =>
      `process.on('SIGTERM', () => { require('fs').appendFileSync(${JSON.stringify(order)}, '${name} '); process.exit(0) });${READY}${STAYS}`;
    await children.start(node('temporal', recording('temporal')));
    await children.start(node('worker', recording('worker')));

    await children.stop();

    expect(readFileSync(order, 'utf8')).toBe('worker temporal ');
    expect(children.processes()).toEqual({});
    expect(said).toEqual([]);
    await expect(children.start(node('late', READY))).rejects.toThrow('everything is being stopped');
    expect(existsSync(join(dir, 'logs', 'late.log'))).toBe(false);
  });
});
