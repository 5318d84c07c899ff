import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fill, tmpfsWhereRootMay } from '../../test/setup/small-disk.ts';
import { openLogFile } from './log-file.ts';

let dir: string;
let troubles: (string | null)[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-log-'));
  troubles = [];
});
afterEach(() => rmSync(dir, { recursive: true }));

function logAt(path: string, maxBytes?: number, keep?: number): Writable {
  return openLogFile({
    path,
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(keep === undefined ? {} : { keep }),
    onTrouble: (reason) => troubles.push(reason),
  });
}

function write(log: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => log.write(text, (error) => (error ? reject(error) : resolve())));
}

function end(log: Writable): Promise<void> {
  return new Promise((resolve) => log.end(resolve));
}

describe('the log of a part', () => {
  it('is bounded in all: older files make room for newer ones, and the newest words are kept', async () => {
    const path = join(dir, 'worker.log');
    const log = logAt(path, 100, 2);
    for (let line = 0; line < 50; line += 1) await write(log, `line ${line}: ${'x'.repeat(30)}\n`);
    await end(log);

    expect(readdirSync(dir).toSorted()).toEqual(['worker.log', 'worker.log.1', 'worker.log.2']);
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(100);
    expect(readFileSync(path, 'utf8')).toContain('line 49:');
    expect(readFileSync(`${path}.1`, 'utf8')).toContain('line 47:');
  });

  it('of an earlier process is gone on with, and counts', async () => {
    const path = join(dir, 'api.log');
    const before = logAt(path, 100);
    await write(before, 'a'.repeat(90));
    await end(before);
    const after = logAt(path, 100);
    await write(after, 'b\n');
    await write(after, 'c'.repeat(90));
    await end(after);

    expect(readFileSync(`${path}.1`, 'utf8')).toBe(`${'a'.repeat(90)}b\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('that cannot be written says so once, ends nothing, and goes on when it can, naming what is missing', async () => {
    const folder = join(dir, 'logs');
    const log = logAt(join(folder, 'api.log'));
    await write(log, 'lost ');
    await write(log, 'lost');
    mkdirSync(folder);
    await write(log, 'kept\n');
    await end(log);

    expect(readFileSync(join(folder, 'api.log'), 'utf8')).toMatch(/9 bytes are missing here.*\nkept\n$/);
    expect(troubles).toEqual([expect.stringContaining('ENOENT'), null]);
  });

  it.skipIf(tmpfsWhereRootMay === null)('on a full disk goes on when there is room again', async () => {
    const disk = tmpfsWhereRootMay?.(join(dir, 'disk'), '1m');
    if (disk === undefined) throw new Error('no disk was mounted');
    try {
      const log = logAt(join(disk.folder, 'worker.log'));
      await write(log, 'before\n');
      const free = fill(disk.folder);
      await write(log, 'x'.repeat(8_192));
      await write(log, 'y'.repeat(8_192));
      free();
      await write(log, 'after\n');
      await end(log);

      const text = readFileSync(join(disk.folder, 'worker.log'), 'utf8');
      expect(text).toMatch(/^before\n/);
      expect(text).toMatch(/16384 bytes are missing here.*\nafter\n$/);
      expect(troubles).toEqual([expect.stringContaining('ENOSPC'), null]);
    } finally {
      disk.unmount();
    }
  });
});
