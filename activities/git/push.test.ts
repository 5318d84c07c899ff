import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundleInside, KEY, openGitRig, plainGit, type GitRig } from './git-rig.ts';
import { repoLayout } from './layout.ts';
import { createRepoGit } from './repo-git.ts';

let rig: GitRig;
beforeEach(() => {
  rig = openGitRig();
});
afterEach(() => rig.close());

async function commitInside(run: string, script: string): Promise<string> {
  const worktree = await rig.git.openWorktree(run, await rig.git.refresh());
  const bundle = await bundleInside(rig, worktree, `${script}\ngit add -A && git commit -q -m Mine`);
  return await rig.git.importBundle(run, bundle);
}

test('someone who landed first wins the race; the merge of both is then pushed', async () => {
  const head = await commitInside('run', 'echo mine > mine.md');
  const main = rig.land({ 'theirs.md': 'theirs\n' });
  expect(await rig.git.push(head)).toEqual({ kind: 'raced', main });
  expect(plainGit(rig.remote, 'rev-parse', 'main')).toBe(main);

  const merged = await rig.git.merge(head, main, 'Merge main\n\nRefs #1\n');
  if (merged.kind !== 'merged') throw new Error('expected a merge');
  const [, last] = await rig.git.commits(main, merged.head);
  expect(last).toMatchObject({ subject: 'Merge main', parents: [head, main] });
  expect(await rig.git.push(merged.head)).toEqual({ kind: 'pushed' });
  expect(plainGit(rig.remote, 'rev-parse', 'main')).toBe(merged.head);
});

test('a push that is repeated after somebody landed on top of it says that it is done', async () => {
  const head = await commitInside('run', 'echo mine > mine.md');
  expect(await rig.git.push(head)).toEqual({ kind: 'pushed' });
  expect(await rig.git.push(head)).toEqual({ kind: 'pushed' });
  rig.person('pull', '--quiet', '--ff-only', 'origin', 'main');
  rig.land({ 'on-top.md': 'x\n' });
  expect(await rig.git.push(head)).toEqual({ kind: 'pushed' });
});

test('a main that is set back between the look and the push is left where it is: what was taken away does not come back', async () => {
  const before = plainGit(rig.remote, 'rev-parse', 'main');
  rig.land({ 'leak.txt': 'must go\n' });
  const head = await commitInside('run', 'echo mine > mine.md');
  plainGit(rig.remote, 'update-ref', 'refs/heads/main', before);
  expect(await rig.git.push(head)).toEqual({ kind: 'raced', main: before });
  expect(plainGit(rig.remote, 'rev-parse', 'main')).toBe(before);
});

test('a push goes onto the main that was judged and onto no other, newer ones included', async () => {
  const judged = await rig.git.refresh();
  const head = await commitInside('run', 'echo mine > mine.md');
  expect(await rig.git.push(head, judged)).toEqual({ kind: 'pushed' });
  const more = await commitInside('more', 'echo more > more.md');
  expect(await rig.git.push(more, judged)).toEqual({ kind: 'raced', main: head });
  expect(await rig.git.push(more, head)).toEqual({ kind: 'pushed' });
});

test('a hook that may not be executed stops the push before it: git would pass over it', async () => {
  const head = await commitInside('run', 'echo mine > mine.md');
  const { hooks } = repoLayout(rig.dataDir, KEY);
  mkdirSync(join(hooks, 'pre-push'), { recursive: true });
  await expect(rig.git.push(head)).rejects.toThrow(/pre-push/);
  expect(plainGit(rig.remote, 'rev-parse', 'main')).not.toBe(head);
});

test('conflicts name their files and leave everything as it was', async () => {
  const head = await commitInside('run', 'echo "export const price = 2;" > src/price.js');
  const main = rig.land({ 'src/price.js': 'export const price = 3;\n', 'fine.md': 'fine\n' });
  await rig.git.refresh();
  expect(await rig.git.merge(head, main, 'Merge')).toEqual({ kind: 'conflicts', files: ['src/price.js'] });
});

test("a remote's policy is no race: the refusal carries the remote's own words", async () => {
  const head = await commitInside('run', 'echo mine > mine.md');
  const hook = join(rig.remote, 'hooks', 'pre-receive');
  writeFileSync(hook, '#!/bin/sh\necho "main wants a review by two people" >&2\nexit 1\n');
  chmodSync(hook, 0o755);
  const outcome = await rig.git.push(head);
  expect(outcome).toEqual({ kind: 'refused', reason: 'pre-receive hook declined: main wants a review by two people' });
});

test('an unreachable remote throws and names the remote without its password', async () => {
  const head = await commitInside('run', 'echo mine > mine.md');
  const git = createRepoGit({
    repo: {
      key: KEY,
      name: 'acme/shop',
      remote: 'http://bot:hunter2@127.0.0.1:9/shop.git',
      branch: 'main',
      pushEnv: {},
    },
    dataDir: rig.dataDir,
    now: Date.now,
  });
  const error = await git.push(head).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain('could not be pushed to main of http://127.0.0.1:9/shop.git');
  expect(String(error)).not.toContain('hunter2');
  await expect(git.remoteHead()).rejects.toThrow('acme/shop: main could not be looked up');
  rmSync(rig.remote, { recursive: true });
  await expect(rig.git.push(head)).rejects.toThrow('could not be pushed');
  await expect(rig.git.refresh()).rejects.toThrow('could not be fetched');
});

test('a ref that another push holds at the remote is neither a race nor a refusal: the caller tries again', async () => {
  const head = await commitInside('run', 'echo mine > mine.md');
  const held = join(rig.remote, 'refs', 'heads', 'main.lock');
  writeFileSync(held, '');
  await expect(rig.git.push(head)).rejects.toThrow(/could not be pushed.*(lock|update ref)/s);
  rmSync(held);
  expect(await rig.git.push(head)).toEqual({ kind: 'pushed' });
});

// Only root can give a folder away.
test.skipIf(process.getuid?.() !== 0)(
  'a remote that belongs to somebody else is read and pushed to: the operator has named it',
  async () => {
    execFileSync('chown', ['-R', '65534:65534', rig.remote]);
    const head = await commitInside('run', 'echo mine > mine.md');
    expect(await rig.git.push(head)).toEqual({ kind: 'pushed' });
  },
);

test('credentials reach the push and no other git', async () => {
  const head = await commitInside('run', 'echo mine > mine.md');
  const locked = createServer(
    (_asked, answer) => void answer.writeHead(401, { 'www-authenticate': 'Basic realm="shop"' }).end(),
  );
  await new Promise<void>((resolve) => locked.listen(0, '127.0.0.1', resolve));
  try {
    const asked = join(rig.dir, 'asked');
    const askpass = join(rig.dir, 'askpass');
    writeFileSync(askpass, `#!/bin/sh\necho "$1" >> ${asked}\necho wrong\n`, { mode: 0o755 });
    const { port } = locked.address() as AddressInfo;
    const git = createRepoGit({
      repo: {
        key: KEY,
        name: 'acme/shop',
        remote: `http://127.0.0.1:${port}/shop.git`,
        branch: 'main',
        pushEnv: { GIT_ASKPASS: askpass },
      },
      dataDir: rig.dataDir,
      now: Date.now,
    });
    await expect(git.remoteHead()).rejects.toThrow('could not be looked up');
    await expect(git.refresh()).rejects.toThrow('could not be fetched');
    expect(existsSync(asked)).toBe(false);
    await expect(git.push(head)).rejects.toThrow('could not be pushed');
    expect(readFileSync(asked, 'utf8')).toContain('Username');
  } finally {
    await new Promise((resolve) => locked.close(resolve));
  }
});
