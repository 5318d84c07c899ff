import { chmodSync, existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluatedAsPlainUser, shellAsPlainUser } from './plain-user.ts';
import { inFreshFolder, removeTree } from './remove-tree.ts';

function removedBy(dir: string): unknown {
  const [module, path] = [new URL('remove-tree.ts', import.meta.url).href, dir].map((one) => JSON.stringify(one));
  return evaluatedAsPlainUser(
    `import { removeTree } from ${module}; process.stdout.write(JSON.stringify(await removeTree(${path})));`,
  );
}

describe('a folder in which others wrote', () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'remove-'));
    chmodSync(place, 0o777);
  });
  afterEach(async () => {
    await removeTree(place);
  });

  it.each([
    ['folders that may not be written', 'mkdir -p d/a/b d/c; touch d/a/b/f d/c/f; chmod -R a-w d'],
    ['folders that may not even be looked into', 'mkdir -p d/a/b/c; touch d/a/b/c/f; chmod 0 d/a/b/c d/a/b d/a d'],
    [
      'names that look like options or hold line ends',
      "mkdir -p 'd/-rf' \"d/$(printf 'a\\nb')\"; touch d/-rf/-i; chmod -R a-w d",
    ],
    [
      'a name that is not UTF-8',
      'mkdir "d$(printf x)" d; mkdir "d/$(printf \'caf\\351\')"; touch "d/$(printf \'caf\\351\')/f"; chmod -R a-w d; rmdir dx',
    ],
    [
      'more levels than a path may have',
      'mkdir d; cd d; n=0; while [ $n -lt 150 ]; do mkdir aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; cd -P aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; n=$((n+1)); done; chmod a-w .',
    ],
  ])('is removed by a worker that is not root: %s', (_name, script) => {
    shellAsPlainUser(script, place);

    expect(removedBy(join(place, 'd'))).toBeNull();
    expect(existsSync(join(place, 'd'))).toBe(false);
  });

  it('is removed without following its links, and what they lead to keeps its permissions', () => {
    const script =
      'mkdir -p out/locked d/a; echo kept > out/locked/f; ln -s ../../out d/a/link; ln out/locked/f d/a/hard; chmod 0444 out/locked/f; chmod 0555 out/locked d/a';
    shellAsPlainUser(script, place);

    expect(removedBy(join(place, 'd'))).toBeNull();
    expect(readFileSync(join(place, 'out/locked/f'), 'utf8')).toBe('kept\n');
    expect(statSync(join(place, 'out/locked')).mode & 0o777).toBe(0o555);
    expect(statSync(join(place, 'out/locked/f')).mode & 0o777).toBe(0o444);
  });

  it('that is a link itself is a link that goes, and no folder', () => {
    shellAsPlainUser('mkdir out; touch out/f; chmod 0555 out; ln -s out d', place);

    expect(removedBy(join(place, 'd'))).toBeNull();
    expect(statSync(join(place, 'out')).mode & 0o777).toBe(0o555);
    expect(existsSync(join(place, 'out/f'))).toBe(true);
  });

  it('that can not be removed is said in words, with why and what to do', () => {
    shellAsPlainUser('mkdir -p kept/d; chmod 0555 kept', place);

    const left = removedBy(join(place, 'kept/d'));

    expect(left).toContain(join(place, 'kept/d'));
    expect(left).toContain('Permission denied');
    expect(left).toContain('by hand');
  });

  it('for one use is there while it is used, and gone after it, also after a failure', async () => {
    let used = '';
    const given = await inFreshFolder(join(place, 'sub', 'one-'), async (dir) => {
      used = dir;
      return existsSync(dir);
    });
    expect(given).toEqual({ value: true, left: null });
    expect(existsSync(used)).toBe(false);

    const failing = inFreshFolder(join(place, 'two-'), async (dir) => {
      used = dir;
      throw new Error('no use');
    });
    await expect(failing).rejects.toThrow('no use');
    expect(existsSync(used)).toBe(false);
  });
});
