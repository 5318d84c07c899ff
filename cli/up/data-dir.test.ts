import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lamplighter } from '../../test/setup/lamplighter.ts';
import { fill, tmpfsWhereRootMay } from '../../test/setup/small-disk.ts';
import { clearPlayground, lockDataDir, operatorToken, playgroundIn, strangerIn } from './data-dir.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-data-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Below a file, below /proc, and where not even root may write. */
const UNFIT: readonly (readonly [where: string, at: (dir: string) => string, why: string])[] = [
  ['below a file', (at) => join(at, 'file', 'data'), 'is a file'],
  ['a file', (at) => join(at, 'file'), 'is a file'],
  ['below /proc', () => '/proc/lamplighter/data', 'ENOENT'],
  ['where this user may not write', () => '/sys/lamplighter', 'E'],
  ['under a name that is too long', (at) => join(at, 'x'.repeat(300)), 'ENAMETOOLONG'],
];

describe('a data directory that cannot be one', () => {
  beforeEach(() => writeFileSync(join(dir, 'file'), 'somebody else wrote this'));

  it.each(UNFIT)('%s is one plain line with what to do, and exit code 2', async (_where, at, why) => {
    const { code, stdout, stderr } = await lamplighter(['up', '--data-dir', at(dir)], dir);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/^lamplighter: \S+ cannot be the data directory \(.*\): give one .* with --data-dir\n$/);
    expect(stderr).toContain(why);
  });

  it.skipIf(tmpfsWhereRootMay === null)('on a full disk is one as well', async () => {
    const disk = tmpfsWhereRootMay?.(join(dir, 'disk'), '1m');
    if (disk === undefined) throw new Error('no disk was mounted');
    try {
      fill(disk.folder);
      const { code, stderr } = await lamplighter(['up', '--data-dir', join(disk.folder, 'data')], dir);

      expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1]);
      expect(stderr).toMatch(/ENOSPC.*give one on a disk with room/);
    } finally {
      disk.unmount();
    }
  });

  it('an empty name is refused: it would be the folder that one stands in', async () => {
    const { code, stderr } = await lamplighter(['up', '--data-dir', ''], dir);

    expect(code).toBe(2);
    expect(stderr).toContain('a folder is expected');
  });
});

describe('a data directory', () => {
  it('is made with what is above it, and held by one at a time', () => {
    const lock = lockDataDir(join(dir, 'a', 'b'));

    expect(lock).not.toBe(null);
    expect(lockDataDir(join(dir, 'a', 'b'))).toBe(null);
    lock?.release();
  });

  it('of a playground is not for repos that are meant: they would find its kill switch off and its runs', async () => {
    mkdirSync(playgroundIn(dir));
    const config = join(dir, 'lamplighter.yaml');
    writeFileSync(config, '');

    expect(strangerIn(dir, 'playground')).toBe(null);
    const { code, stderr } = await lamplighter(['up', '--config', config, '--data-dir', dir], dir);
    expect([code, existsSync(join(dir, 'operator.token'))]).toEqual([2, false]);
    expect(stderr).toMatch(/is a playground's, with its kill switch off .*: give another --data-dir\n$/);
  });

  it('of repos that are meant is not for a playground, which would arm them', async () => {
    operatorToken(dir);

    expect(strangerIn(dir, 'config')).toBe(null);
    const { code, stderr } = await lamplighter(['up', '--data-dir', dir], dir);
    expect([code, existsSync(playgroundIn(dir))]).toEqual([2, false]);
    expect(stderr).toMatch(/the playground would arm it: give another --data-dir\n$/);
  });

  it('of a playground is cleared of all that it was, for a fresh one; of anything else, of nothing', async () => {
    operatorToken(dir);
    expect(await clearPlayground(dir)).toBe(null);
    expect(readdirSync(dir)).toEqual(['operator.token']);

    mkdirSync(playgroundIn(dir));
    mkdirSync(join(dir, 'worktrees', 'read-only'), { recursive: true, mode: 0o500 });
    const lock = lockDataDir(dir);
    expect(await clearPlayground(dir)).toBe(null);
    expect(readdirSync(dir).filter((name) => !name.startsWith('up.lock'))).toEqual([]);
    expect(lockDataDir(dir)).toBe(null);
    lock?.release();
  });
});
