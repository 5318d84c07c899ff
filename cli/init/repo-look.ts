/** What `init` sees of a repo before it draws any conclusion: where it stands, where it comes from, what is committed. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { createTrustedGit, withoutPassword, type TrustedGit } from '../../activities/git/trusted.ts';
import { isAddress } from '../../config/repo-key.ts';
import { CliFailure, EXIT } from '../terminal/failure.ts';

export interface RepoLook {
  /** Absolute folder of the working tree. */
  readonly root: string;
  /** `owner/name` as the remote says it, else the folder's name. */
  readonly name: string;
  /** URL without a password, or an absolute path; null when there is no `origin`. */
  readonly remote: string | null;
  /** Its address carries a password, which must not be written down. */
  readonly remoteHasPassword: boolean;
  readonly branch: string;
  /** Null: nothing is committed. */
  readonly sha: string | null;
  /** Paths that are changed or new, and not committed. */
  readonly uncommitted: number;
  /** Committed files; where nothing is committed, those that would be. */
  readonly files: readonly string[];
  /** Addresses of the submodules that this clone has: whoever runs `init` fetched them. */
  readonly submodules: readonly string[];
  read(path: string): string | null;
}

const WALL_MS = 60_000;
const READ_BYTES = 4 * 1024 * 1024;

/** Throws a CliFailure where there is no repo to look at. */
export async function lookAtRepo(path: string): Promise<RepoLook> {
  const start = resolve(path);
  if (!existsSync(start) || !statSync(start).isDirectory()) {
    throw new CliFailure(EXIT.usage, 'no-folder', `${start} is not a folder`, 'name the folder of a git repo');
  }
  const home = mkdtempSync(join(tmpdir(), 'lamplighter-init-home-'));
  try {
    const root = await rootOf(createTrustedGit({ gitDir: null, home, cwd: start }), start);
    return await lookInside(createTrustedGit({ gitDir: null, home, cwd: root }), root);
  } finally {
    rmSync(home, { recursive: true });
  }
}

async function rootOf(git: TrustedGit, start: string): Promise<string> {
  const found = await git.run(['rev-parse', '--show-toplevel'], { wallMs: WALL_MS });
  if (found.end === 'exited' && found.code === 0) return found.stdout.trim();
  const said = found.stderr.trim();
  if (said.includes('dubious ownership')) {
    throw new CliFailure(
      EXIT.failed,
      'foreign-repo',
      `${start} belongs to another user, so git does not read it`,
      'run this as the user who owns the folder, or clone it anew',
    );
  }
  throw new CliFailure(
    EXIT.usage,
    'no-repo',
    `${start} is not the working tree of a git repo: ${said.split('\n')[0] ?? ''}`,
    'name the folder of a clone, or make one: git init && git add . && git commit',
  );
}

async function lookInside(git: TrustedGit, root: string): Promise<RepoLook> {
  const line = async (...args: string[]): Promise<string | null> => {
    const result = await git.run(args, { wallMs: WALL_MS });
    return result.end === 'exited' && result.code === 0 ? result.stdout.trim() || null : null;
  };
  const sha = await line('rev-parse', '--verify', '--quiet', 'HEAD^{commit}');
  const origin = await line('config', '--get', 'remote.origin.url');
  const remoteHead = await line('symbolic-ref', '--quiet', '--short', 'refs/remotes/origin/HEAD');
  const branch = remoteHead?.replace(/^origin\//, '') ?? (await line('symbolic-ref', '--quiet', '--short', 'HEAD'));
  const status = await git.text(['status', '--porcelain', '-z'], { wallMs: WALL_MS });
  const listing =
    sha === null ? ['ls-files', '-z', '-co', '--exclude-standard'] : ['ls-tree', '-r', '-z', '--name-only', sha];
  const files = (await git.text(listing, { wallMs: WALL_MS })).split('\0').filter((path) => path !== '');
  const remote = origin === null ? null : addressOf(origin, root);
  return {
    root,
    name: nameOf(remote ?? root),
    remote: remote === null ? null : withoutPassword(remote),
    remoteHasPassword: remote !== null && /^[a-z][a-z0-9+.-]*:\/\/[^/\s@]*:[^/\s@]+@/i.test(remote),
    branch: branch ?? 'main',
    sha,
    uncommitted: status.split('\0').filter((entry) => entry !== '').length,
    files,
    submodules: await submodulesOf(git),
    read: (path) => readText(join(root, path)),
  };
}

async function submodulesOf(git: TrustedGit): Promise<string[]> {
  const what = ['-z', '--local', '--get-regexp', String.raw`^submodule\..*\.url$`];
  const { stdout } = await git.run(['config', ...what], { wallMs: WALL_MS });
  const entries = stdout.split('\0').filter((entry) => entry !== '');
  return [...new Set(entries.map((entry) => withoutPassword(entry.slice(entry.indexOf('\n') + 1))))];
}

/** A relative path of git's configuration is relative to the repo. */
function addressOf(origin: string, root: string): string {
  return isAddress(origin) || isAbsolute(origin) ? origin : resolve(root, origin);
}

function nameOf(remote: string): string {
  const clean = remote.replace(/\/+$/, '').replace(/\.git$/, '');
  const last = basename(clean);
  const owner = isAddress(remote) ? basename(dirname(clean.replace(/^[^/]*:(?!\/\/)/, '/'))) : '';
  const name = [owner, last]
    .map((part) => part.replaceAll(/[^\w.-]+/g, '-').replace(/^[^A-Za-z0-9]+/, ''))
    .filter((part) => part !== '');
  return name.join('/') || 'repo';
}

function readText(path: string): string | null {
  if (!existsSync(path)) return null;
  const stat = statSync(path);
  if (!stat.isFile() || stat.size > READ_BYTES) return null;
  // Editors of other systems leave a mark in front, which no manifest's reader takes for text.
  return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
}
