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

  it('one that ends at its first start is an error that names its log', async () => {
    await expect(children.start(node('model', 'console.error("no scenario"); process.exit(3)'))).rejects.toThrow(
      /^model ended at start \(code 3\); read .*model\.log$/,
    );
    expect(said).toEqual([]);
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
