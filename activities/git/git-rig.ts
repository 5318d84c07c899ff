/** What the tests of git stand on: a real bare remote, a person's clone of it, our clones, and the real sandbox. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createBwrapSandbox } from '../sandbox/bwrap.ts';
import { DEFAULT_LIMITS } from '../sandbox/environment.ts';
import type { CommandResult, Sandbox, SandboxCommand } from '../sandbox/port.ts';
import type { RepoGit, Worktree } from './port.ts';
import { createRepoGit } from './repo-git.ts';

export interface GitRig {
  readonly dir: string;
  readonly dataDir: string;
  readonly remote: string;
  readonly git: RepoGit;
  readonly sandbox: Sandbox;
  /** Git as a person runs it, in the person's clone. */
  person(...args: string[]): string;
  /** Commits files in the person's clone and pushes them to main; answers with the sha. */
  land(files: Readonly<Record<string, string>>, message?: string): string;
  /** A shell command of the session in its worktree. */
  inside(worktree: Worktree, script: string, more?: Partial<SandboxCommand>): Promise<CommandResult>;
  close(): Promise<void>;
}

export const KEY = 'shop-1a2b';

export function openGitRig(): GitRig {
  const dir = mkdtempSync(join(tmpdir(), 'lamplighter-git-'));
  const remote = join(dir, 'remote.git');
  const clone = join(dir, 'person');
  const dataDir = join(dir, 'data');
  const sandbox = createBwrapSandbox({ proxySocketDir: join(dataDir, 'run') });
  plainGit(dir, 'init', '--quiet', '--bare', '--initial-branch=main', remote);
  plainGit(dir, 'clone', '--quiet', remote, clone);

  const rig: GitRig = {
    dir,
    dataDir,
    remote,
    sandbox,
    git: createRepoGit({
      repo: { key: KEY, name: 'acme/shop', remote, branch: 'main', pushEnv: {} },
      dataDir,
      now: Date.now,
    }),
    person: (...args) => plainGit(clone, ...args),
    land(files, message = 'Change') {
      // Others may have landed since: a person pulls first.
      if (plainGit(remote, 'branch') !== '') plainGit(clone, 'pull', '--quiet', '--ff-only', 'origin', 'main');
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(clone, path)), { recursive: true });
        writeFileSync(join(clone, path), text);
      }
      plainGit(clone, 'add', '-A');
      plainGit(clone, 'commit', '--quiet', '-m', message);
      plainGit(clone, 'push', '--quiet', 'origin', 'HEAD:main');
      return plainGit(clone, 'rev-parse', 'HEAD');
    },
    inside: (worktree, script, more = {}) =>
      sandbox.run({
        argv: ['/bin/sh', '-c', script],
        cwd: worktree.dir,
        binds: worktree.binds,
        env: worktree.env,
        path: [],
        hosts: [],
        limits: { ...DEFAULT_LIMITS, wallMs: 30_000 },
        lock: worktree.lock,
        keepBytes: 65_536,
        ...more,
      }),
    close: () => rm(dir, { recursive: true, force: true }),
  };
  rig.person('checkout', '--quiet', '-b', 'main');
  rig.land({ 'readme.md': 'a shop\n', 'src/price.js': 'export const price = 1;\n' }, 'First');
  return rig;
}

/** With an identity, and without what the machine's own configuration says. */
export function plainGit(cwd: string, ...args: string[]): string {
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...who, ...args], { cwd, encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** Commits in the sandbox and hands over; answers with the bundle's path. */
export async function bundleInside(rig: GitRig, worktree: Worktree, script: string): Promise<string> {
  const result = await rig.inside(worktree, `set -e\n${script}\ngit bundle create -q "$OUT" HEAD ^origin/main`, {
    env: { ...worktree.env, OUT: join(worktree.outbox, 'handover.bundle') },
  });
  if (result.code !== 0) throw new Error(`inside: ${result.end} ${result.code}\n${result.stdout}${result.stderr}`);
  return join(worktree.outbox, 'handover.bundle');
}
