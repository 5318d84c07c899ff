import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KEY, openGitRig, type GitRig } from './git-rig.ts';
import { repoLayout } from './layout.ts';

let rig: GitRig;
beforeEach(() => {
  rig = openGitRig();
});
afterEach(() => rig.close());

/** Git waits for a writer of this file before it reads anything. */
function holdUp(): string {
  const file = join(repoLayout(rig.dataDir, KEY).clean, 'objects', 'info', 'alternates');
  mkdirSync(dirname(file), { recursive: true });
  execFileSync('mkfifo', [file]);
  return file;
}

function ourChild(word: string): number | null {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      const isOurs = Number(parent) === process.pid;
      if (isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word)) return Number(pid);
    } catch (error) {
      // It ended between the listing and the look.
      if (!(error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code)))) throw error;
    }
  }
  return null;
}

it('a git that was killed gave no answer: what it had not said is not taken for absent, and it is asked again', async () => {
  const sha = await rig.git.refresh();
  const held = holdUp();
  const reading = rig.git.readFile(sha, 'readme.md');
  const failed = expect(reading).rejects.toThrow('ls-tree -r -l -z --full-tree');
  const pid = await vi.waitFor(() => {
    const child = ourChild('ls-tree');
    if (child === null) throw new Error('git was not started yet');
    return child;
  });
  process.kill(pid, 'SIGKILL');
  await failed;
  rmSync(held);

  expect(await rig.git.readFile(sha, 'readme.md')).toBe('a shop\n');
  expect(await rig.git.readFile(sha, 'nowhere.md')).toBeNull();
});

it('more commits at once than are kept are each read to the end', async () => {
  const shas = Array.from({ length: 40 }, (_, n) => {
    rig.person('commit', '--quiet', '--allow-empty', '-m', `${n}`);
    return rig.person('rev-parse', 'HEAD');
  });
  rig.person('push', '--quiet', 'origin', 'HEAD:main');
  await rig.git.refresh();
  const texts = await Promise.all(shas.map((sha) => rig.git.readFile(sha, 'src/price.js')));
  expect(texts).toEqual(shas.map(() => 'export const price = 1;\n'));
});
