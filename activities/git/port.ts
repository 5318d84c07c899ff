import type { ChangeSize } from '../../domain/gates/change-size.ts';
import type { AddedLine } from '../../domain/gates/patch.ts';
import type { SandboxBind } from '../sandbox/port.ts';

/**
 * Trusted git of one repo. It runs only in directories that no agent and no repo command can write (invariant 15):
 * `checkout.git` (the persistent clone whose worktrees the sessions see read-only) and `clean.git` (where bundles are
 * imported, gates check out from, and pushes leave from).
 */
export interface Worktree {
  /** The work folder that the session sees, at this same path inside the sandbox. */
  readonly dir: string;
  /** What a sandboxed command needs: `dir` itself, then over it the read-only parts and the quarantine. Bind nothing of `dir` after them. */
  readonly binds: readonly SandboxBind[];
  readonly env: Readonly<Record<string, string>>;
  /** The fence of the run's commands. */
  readonly lock: string;
  /** A folder, writable inside, where the hand-over bundle appears. */
  readonly outbox: string;
}

export interface ChangedFile {
  /** As domain/gates/path-name.ts writes what is not UTF-8; here and in all that follows. */
  readonly path: string;
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed' | 'type-changed';
  /** For a rename: where it was. */
  readonly from: string | null;
  /** Octal mode on the new side, such as `100644`, `120000` for a symlink, `160000` for a submodule. */
  readonly mode: string;
}

export interface Commit {
  readonly sha: string;
  readonly subject: string;
  /** Whole message. */
  readonly message: string;
  readonly parents: readonly string[];
}

export interface CommitAdditions {
  readonly sha: string;
  readonly added: readonly AddedLine[];
}

export type PushOutcome =
  | { readonly kind: 'pushed' }
  | { readonly kind: 'raced'; readonly main: string }
  | { readonly kind: 'refused'; readonly reason: string };

export type MergeOutcome =
  | { readonly kind: 'merged'; readonly head: string }
  | { readonly kind: 'conflicts'; readonly files: readonly string[] };

/** On which host's disk the work folders of runs are. */
export interface OpenedRuns {
  /** The name of this one. */
  readonly host: string;
  /** Null: nobody has opened it yet. */
  hostOf(run: string): Promise<string | null>;
  /** Said once its worktree is whole. */
  opened(run: string): Promise<void>;
}

export interface RepoGit {
  /** Clones on first use, else fetches; answers with the remote main's sha. */
  refresh(): Promise<string>;
  /** The remote main's sha without changing anything here. */
  remoteHead(): Promise<string>;
  /** Idempotent by run: an existing worktree is kept as it is. Refuses, as an outage, where the run was opened and its worktree is not on this disk. */
  openWorktree(run: string, base: string): Promise<Worktree>;
  /** Only after the run ended well: what is in it must be on the remote or in evidence (invariant 11). */
  removeWorktree(run: string): Promise<void>;
  /**
   * Takes the bundle that the sandbox wrote into the outbox: fsck, and only objects. Answers with the head that now
   * stands at `refs/lamplighter/<run>` in the clean clone. Throws a `BundleRefused`, in words fit for the session, when
   * the bundle is not one that is taken.
   */
  importBundle(run: string, bundle: string): Promise<string>;
  /** Bundles what is not on main, for evidence; null when there is nothing. */
  exportBundle(head: string): Promise<Uint8Array | null>;
  readFile(sha: string, path: string): Promise<string | null>;
  /**
   * A fresh checkout of a sha, with a `.git` of its own, for gates and builds. The folder must not exist. Answers in sentences with the submodules
   * that stay empty, and why.
   */
  checkOut(sha: string, dir: string): Promise<readonly string[]>;
  /** Writes the given paths as they are in `sha` into `dir`; a path that is not in `sha` is removed. */
  overlay(sha: string, dir: string, paths: readonly string[]): Promise<void>;
  files(sha: string): Promise<string[]>;
  /** The blob's id of each of these paths that is a file in `sha`; paths that are not there are left out. */
  blobs(sha: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** How much there is between them, counted without reading it, and no further than to the first bound that it passes. */
  measure(base: string, head: string): Promise<ChangeSize>;
  changedFiles(base: string, head: string): Promise<ChangedFile[]>;
  /** The lines that head has and base lacks. */
  additions(base: string, head: string): Promise<AddedLine[]>;
  /** What each commit that is reachable from head and not from base adds itself, oldest first. */
  commitAdditions(base: string, head: string): Promise<CommitAdditions[]>;
  patch(base: string, head: string): Promise<string>;
  /** Commits reachable from head and not from base, oldest first. */
  commits(base: string, head: string): Promise<Commit[]>;
  contains(ancestor: string, head: string): Promise<boolean>;
  mergeBase(a: string, b: string): Promise<string>;
  /** Merges main into head without a work tree. */
  merge(head: string, main: string, message: string): Promise<MergeOutcome>;
  /**
   * Plain push, never forced, and only onto the main that was looked at: `onto`, as last fetched when absent. Where main stands
   * elsewhere, before or behind, it is `raced`. An unreachable remote throws.
   */
  push(head: string, onto?: string): Promise<PushOutcome>;
}
