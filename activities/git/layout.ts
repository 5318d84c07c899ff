/** Where everything of a repo and of a run lies under the data directory. Trusted git runs under `repos/`, agents write under `runs/` only. */
import { join } from 'node:path';

export interface RepoLayout {
  readonly root: string;
  /** The persistent clone whose worktrees sessions see read-only. */
  readonly checkout: string;
  /** Where bundles are imported, gates check out from, and pushes leave from. */
  readonly clean: string;
  /** Dependency caches of sessions. */
  readonly caches: string;
  /** Dependency caches of gates and builds: what an agent leaves in its own must not judge its work. */
  readonly gateCaches: string;
  /** An empty folder: the HOME of trusted git. */
  readonly home: string;
  /** Bundles on their way in and out, while the lock is held. */
  readonly bundles: string;
  /** The tags of main, in the shape of `packed-refs`: for checkouts. */
  readonly tags: string;
  /** Our clones of submodules. */
  readonly submodules: string;
  /** Git's hooks of our own push. */
  readonly hooks: string;
  /** Held while the clones are changed. */
  readonly lock: string;
}

export interface RunLayout {
  readonly root: string;
  /** The worktree: what the session sees, at this same path inside. */
  readonly work: string;
  /** The session's own repository, `.git` of its worktree inside. */
  readonly git: string;
  /** New objects of the session: its quarantine. */
  readonly objects: string;
  /** Where the hand-over bundle appears. */
  readonly outbox: string;
  /** The fence of the run's commands. */
  readonly lock: string;
  /** Its worktree on the way out, where the rest stays. */
  readonly workGone: string;
  /** All of it on the way out. */
  readonly gone: string;
}

export function repoLayout(dataDir: string, key: string): RepoLayout {
  const root = join(dataDir, 'repos', segment('repo key', key));
  return {
    root,
    checkout: join(root, 'checkout.git'),
    clean: join(root, 'clean.git'),
    caches: join(root, 'caches'),
    gateCaches: join(root, 'gate-caches'),
    home: join(root, 'home'),
    bundles: join(root, 'bundles'),
    tags: join(root, 'tags'),
    submodules: join(root, 'submodules'),
    hooks: join(root, 'hooks'),
    lock: join(root, 'lock'),
  };
}

export function runLayout(dataDir: string, run: string): RunLayout {
  const root = join(runsFolder(dataDir), segment('run id', run));
  return {
    root,
    work: join(root, 'work'),
    git: join(root, 'git'),
    objects: join(root, 'git', 'objects'),
    outbox: join(root, 'outbox'),
    lock: join(root, 'lock'),
    workGone: join(root, 'work.gone'),
    gone: join(goneFolder(dataDir), run),
  };
}

export function runsFolder(dataDir: string): string {
  return join(dataDir, 'runs');
}

/** Beside the folders of runs, so that one rename brings them here; no run has this name. */
export function goneFolder(dataDir: string): string {
  return join(runsFolder(dataDir), '.gone');
}

/** Names a folder and a git ref, so it may neither climb nor be one that git refuses. */
function segment(what: string, value: string): string {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9]))*$/.test(value) && !value.endsWith('.lock')) return value;
  throw new Error(
    `${what} ${JSON.stringify(value)} can't name a folder: letters, digits, "-", "_" and single dots only`,
  );
}
