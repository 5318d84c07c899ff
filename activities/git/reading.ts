/** Reads the clean clone: trees, changes, history. Nothing here writes. */
import { LRUCache } from 'lru-cache';
import { simpleGit } from 'simple-git';
import type { ChangedFile, Commit, RepoGit } from './port.ts';
import { requireSha, trustedEnvironment, type TrustedGit, type TrustedGitDeps } from './trusted.ts';
import { headOf } from '../../domain/text.ts';

type Reading = Pick<
  RepoGit,
  'readFile' | 'files' | 'blobs' | 'changedFiles' | 'patch' | 'commits' | 'contains' | 'mergeBase'
>;

const STATUS: Readonly<Record<string, ChangedFile['status']>> = {
  A: 'added',
  M: 'modified',
  D: 'deleted',
  R: 'renamed',
  T: 'type-changed',
};

// One NUL would make a file binary, and hide what it holds from whoever reads the patch: hence --text.
const PATCH = ['diff', '--text', '--no-ext-diff', '--no-textconv', '--no-color', '-M'];

interface Entry {
  /** Such as 100644; 120000 is a symlink, 160000 a submodule. */
  readonly mode: string;
  readonly type: string;
  readonly id: string;
}

/** Of one commit, by path. */
type Tree = ReadonlyMap<string, Entry>;

/** Of all runs of the repo at once, base and head each; and of huge trees a few. */
const KEPT_TREES = 32;
const KEPT_FILES = 500_000;
/** What somebody waits for is read to its end, though others have pushed it out meanwhile. */
const WAITED_FOR = { ignoreFetchAbort: true } as const;
const KEPT_TEXTS = 500;
const KEPT_CHARACTERS = 16 * 1024 * 1024;

export function createReading(clean: TrustedGit, deps: TrustedGitDeps): Reading {
  const env = trustedEnvironment(deps, '');

  /** simple-git guards against what callers might pass on from users; this environment is fixed and is what disarms those settings. */
  async function read(args: string[]): Promise<string> {
    return await simpleGit({
      baseDir: deps.cwd,
      // By itself it takes a git that was killed, and so said half of it or nothing, for one that succeeded.
      errors: (error, { exitCode, stdErr }) => error ?? (exitCode === 0 ? undefined : failure(args, exitCode, stdErr)),
      allowEnvironment: Object.keys(env),
      unsafe: {
        allowUnsafeConfigEnvCount: true,
        allowUnsafeConfigPaths: true,
        allowUnsafeFsMonitor: true,
        allowUnsafeHooksPath: true,
        allowUnsafeProtocolOverride: true,
      },
    })
      .env(env)
      .raw(args);
  }

  // A sha names what it holds, so what was read once is never stale; gates ask for the same few files many times over.
  const trees = new LRUCache<string, Tree>({
    max: KEPT_TREES,
    maxSize: KEPT_FILES,
    sizeCalculation: (tree) => tree.size + 1,
    fetchMethod: readTree,
    ...WAITED_FOR,
  });
  const texts = new LRUCache<string, string>({
    max: KEPT_TEXTS,
    maxSize: KEPT_CHARACTERS,
    sizeCalculation: (text) => text.length + 1,
    fetchMethod: (key) => readText(key),
    ...WAITED_FOR,
  });

  /** The key is a blob's id, or the ids of two commits: what changes between them. */
  async function readText(key: string): Promise<string> {
    const [from = '', to] = key.split('..');
    return await clean.text(to === undefined ? ['cat-file', 'blob', from] : [...PATCH, from, to, '--']);
  }

  async function readTree(sha: string): Promise<Tree> {
    const entries = split(await read(['ls-tree', '-r', '-z', '--full-tree', sha])).map(parseEntry);
    return new Map(entries);
  }

  const treeOf = (sha: string): Promise<Tree> => trees.forceFetch(requireSha(sha));

  return {
    async readFile(sha, path) {
      const entry = (await treeOf(sha)).get(path);
      // A symlink's text is a path and not what a reader of the file means; a folder has none.
      if (entry?.type !== 'blob' || entry.mode === '120000') return null;
      return await texts.forceFetch(entry.id);
    },

    async files(sha) {
      return [...(await treeOf(sha)).keys()];
    },

    async blobs(sha, paths) {
      const tree = await treeOf(sha);
      const found = new Map<string, string>();
      for (const path of paths) {
        const entry = tree.get(path);
        if (entry?.type === 'blob') found.set(path, entry.id);
      }
      return found;
    },

    async changedFiles(base, head) {
      return parseRaw(await read(['diff-tree', '-r', '-z', '--raw', '-M', requireSha(base), requireSha(head)]));
    },

    patch: async (base, head) => await texts.forceFetch(`${requireSha(base)}..${requireSha(head)}`),

    async commits(base, head) {
      const range = `${requireSha(base)}..${requireSha(head)}`;
      const log = await read([
        'log',
        '--reverse',
        '--topo-order',
        '-z',
        '--no-show-signature',
        '--format=%H%n%P%n%s%n%B',
        range,
        '--',
      ]);
      return split(log).map(parseCommit);
    },

    async contains(ancestor, head) {
      // Not `merge-base --is-ancestor`: simple-git takes a silent exit 1 for success, and waits 50 ms for words that don't come.
      const missing = await read(['rev-list', '--count', requireSha(ancestor), `^${requireSha(head)}`, '--']);
      return missing.trim() === '0';
    },

    async mergeBase(a, b) {
      const base = (await read(['merge-base', requireSha(a), requireSha(b)])).trim();
      if (base === '') throw new Error(`${a} and ${b} have no history in common`);
      return base;
    },
  };
}

function failure(args: readonly string[], exitCode: number | null, stdErr: readonly Buffer[]): Error {
  const how = typeof exitCode === 'number' && exitCode >= 0 ? `exited with ${exitCode}` : 'was killed';
  return new Error(
    `git ${headOf(args.join(' '), 300)} ${how}: ${Buffer.concat([...stdErr])
      .toString()
      .trim()}`,
  );
}

function split(text: string): string[] {
  return text.split('\0').filter((part) => part !== '');
}

/** `100644 blob <sha>` TAB path. */
function parseEntry(text: string): [path: string, entry: Entry] {
  const match = /^(\d{6}) ([a-z]+) ([0-9a-f]+)\t(.*)$/s.exec(text);
  if (match === null) throw new Error(`git ls-tree said something unknown: ${text}`);
  const [, mode = '', type = '', id = '', path = ''] = match;
  return [path, { mode, type, id }];
}

/** `:100644 100755 <sha> <sha> M` NUL path NUL; a rename has two paths, from and to. */
function parseRaw(raw: string): ChangedFile[] {
  const fields = split(raw);
  const changed: ChangedFile[] = [];
  for (let at = 0; at < fields.length;) {
    const header = fields[at++] ?? '';
    const match = /^:\d{6} (\d{6}) [0-9a-f]+ [0-9a-f]+ ([A-Z])\d*$/.exec(header);
    const status = STATUS[match?.[2] ?? ''];
    if (match?.[1] === undefined || status === undefined)
      throw new Error(`git diff-tree said something unknown: ${header}`);
    const from = status === 'renamed' ? (fields[at++] ?? '') : null;
    changed.push({ path: fields[at++] ?? '', status, from, mode: match[1] });
  }
  return changed;
}

function parseCommit(text: string): Commit {
  const [sha = '', parents = '', subject = '', ...message] = text.split('\n');
  return { sha, subject, message: message.join('\n'), parents: parents.split(' ').filter((parent) => parent !== '') };
}
