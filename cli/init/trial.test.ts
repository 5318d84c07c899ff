/** The trial lays a repo as a run's session has it. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contractOf } from '../../activities/gates/gates-rig.ts';
import { toolchainsOf } from '../../activities/gates/rig-toolchains.ts';
import { has } from '../../test/setup/needs.ts';
import { git, makeRepo, REPOS } from './init-rig.ts';
import { tryContract, type Tried } from './trial.ts';

describe.skipIf(!has('bwrap'))('a setup that writes git', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'lamplighter-trial-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it.each([
    [
      'settings, a hook and what is not tracked',
      'git config core.hooksPath x && touch .git/hooks/pre-commit .git/info/exclude',
      'passed',
    ],
    [
      'a commit, by whom sessions commit',
      'git commit -q --allow-empty -m x && git log -1 --format=%ae | grep -q agent@lamplighter.invalid',
      'passed',
    ],
    ['what asks for the remote, of which a session knows nothing', 'git remote get-url origin', 'unproven'],
  ])('is tried as a session has it: %s', async (_what, setup, verdict) => {
    expect(await trySetup(dir, setup)).toMatchObject([{ verdict }]);
  });

  it('that ends with its usage text still shows the complaint above it', async () => {
    const setup =
      'echo "error: package-lock.json is out of step" >&2; seq -f "  --option-%g, as you like it" 200 >&2; exit 1';

    const [tried] = await trySetup(dir, setup);

    expect(tried?.log).toContain('error: package-lock.json is out of step');
    expect(tried?.log).toContain('--option-200');
  });
});

async function trySetup(dir: string, setup: string): Promise<readonly Tried[]> {
  const root = join(dir, 'repo');
  makeRepo(root, REPOS.node);
  const sha = git(root, 'rev-parse', 'HEAD');
  const workDir = join(dir, 'work');
  mkdirSync(workDir);
  const { tried } = await tryContract({
    root,
    remote: root,
    submodules: [],
    sha,
    contract: contractOf({ setup }),
    toolchains: toolchainsOf(['node']),
    egress: { proxy: null, privateHosts: [] },
    workDir,
    named: [],
    say: () => {},
  });
  return tried;
}
