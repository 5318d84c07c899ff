/** A real repo of one commit behind a session, with a real sandbox. */
import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createRepoGit } from '../git/repo-git.ts';
import { createBwrapSandbox } from '../sandbox/bwrap.ts';
import type { SessionParts } from './session-rig.ts';

export async function repoAdapters(dir: string): Promise<SessionParts> {
  const source = join(dir, 'source');
  await mkdir(source);
  const git = (...args: string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', ...args], { cwd: source });
  git('init', '-q', '-b', 'main');
  git('commit', '-q', '--allow-empty', '-m', 'First');
  const repo = { key: 'shop-1', name: 'acme/shop', remote: source, branch: 'main', pushEnv: {} };
  const repoGit = createRepoGit({ repo, dataDir: join(dir, 'data'), now: Date.now });
  return {
    base: await repoGit.refresh(),
    git: repoGit,
    sandbox: createBwrapSandbox({ proxySocketDir: join(dir, 'p') }),
  };
}
