/** The repository of a session's folder: git works there as in anybody's clone, and as in a gate's checkout. */
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleInside, KEY, openGitRig, type GitRig } from './git-rig.ts';
import { runLayout } from './layout.ts';
import type { Worktree } from './port.ts';
import { checkoutBinds } from './repo-git.ts';

let rig: GitRig;
let base: string;
let worktree: Worktree;
beforeEach(async () => {
  rig = openGitRig();
  base = await rig.git.refresh();
  worktree = await rig.git.openWorktree('run', base);
});
afterEach(() => rig.close());

/** The script in the session's worktree, then in a gate's checkout. */
async function inBoth(script: string): Promise<[string, string]> {
  const dir = join(rig.dir, 'gate');
  await rig.git.checkOut(base, dir);
  const binds = [
    ...checkoutBinds({ dataDir: rig.dataDir, key: KEY }),
    { from: dir, to: worktree.dir, mode: 'rw' as const },
  ];
  const session = await rig.inside(worktree, script);
  const gate = await rig.inside(worktree, script, { binds });
  return [`${session.code} ${session.stdout}${session.stderr}`, `${gate.code} ${gate.stdout}${gate.stderr}`];
}

describe('what a setup does with git', () => {
  it.each([
    ['settings', 'git config core.hooksPath .githooks; git config --local user.name x; git config core.hooksPath'],
    [
      'settings of the worktree',
      'git config --worktree core.hooksPath .githooks; git config --unset advice.detachedHead; git config -l --local',
    ],
    [
      'a hook',
      "printf '#!/bin/sh\\necho hooked\\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit; git commit -q --allow-empty -m x",
    ],
    ['what is not tracked', 'echo made >> .git/info/exclude; touch made; git status --short'],
    [
      'branches, tags and the stash',
      'git switch -q -c b; git tag t; echo x >> readme.md; git stash -q; git branch; git tag; git stash list',
    ],
    ['marks in the index', 'git update-index --assume-unchanged readme.md; git ls-files -v'],
    ['submodules', 'git submodule init; git submodule status; git config remote.origin.url x'],
    ['who commits', 'git commit -q --allow-empty -m x; git log -1 --format="%an %ae"'],
  ])('it does in the session as in the gates: %s', async (_what, script) => {
    const [session, gate] = await inBoth(`set -e\n${script}`);
    expect(session).toBe(gate);
    expect(session).toMatch(/^0 /);
  });

  it('holds for the next command, and a hook of it judges what the session commits', async () => {
    await rig.inside(
      worktree,
      "mkdir .githooks; printf '#!/bin/sh\\necho not yet >&2; exit 1\\n' > .githooks/pre-commit; chmod +x .githooks/pre-commit; git config core.hooksPath .githooks",
    );
    const commit = await rig.inside(worktree, 'echo x > new.md; git add new.md; git commit -q -m New');
    expect(commit).toMatchObject({ code: 1, stderr: 'not yet\n' });
  });
});

describe('work on a branch of its own', () => {
  it('is handed over as any other, and goes when it is', async () => {
    const script = 'git switch -q -c topic; echo x > new.md; git add new.md; git commit -q -m New';
    await rig.inside(worktree, script);
    await expect(rig.git.removeWorktree('run')).rejects.toThrow('neither on main nor handed over');
    const head = await rig.git.importBundle('run', await bundleInside(rig, worktree, 'git rev-parse HEAD'));
    expect((await rig.inside(worktree, 'git rev-parse topic')).stdout.trim()).toBe(head);
    await rig.git.removeWorktree('run');
    expect(existsSync(runLayout(rig.dataDir, 'run').root)).toBe(false);
  });

  it.each([
    [
      'a branch that was left',
      'git switch -q -c left; echo x > n; git add n; git commit -q -m Left; git switch -q --detach origin/main',
    ],
    ['the stash', 'echo x >> readme.md; git stash -q'],
  ])('stays in the quarantine when the worktree goes: %s (invariant 11)', async (_what, script) => {
    await rig.inside(worktree, script);
    const kept = (
      await rig.inside(worktree, 'git rev-parse left stash 2>/dev/null | grep -E "^[0-9a-f]{40}$"')
    ).stdout.trim();
    await rig.git.removeWorktree('run');
    const { work, objects } = runLayout(rig.dataDir, 'run');
    expect(existsSync(work)).toBe(false);
    expect(existsSync(join(objects, kept.slice(0, 2), kept.slice(2)))).toBe(true);
  });

  it('whose head cannot be told is left in place, with no word of what lies behind a link (invariant 11)', async () => {
    const { git } = runLayout(rig.dataDir, 'run');
    rmSync(join(git, 'HEAD'));
    symlinkSync('/etc/passwd', join(git, 'HEAD'));
    await expect(rig.git.removeWorktree('run')).rejects.toThrow('its HEAD (unreadable)');
  });
});
