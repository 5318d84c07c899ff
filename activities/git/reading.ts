/** Reads the clean clone: trees, changes, history. Nothing here writes. */
import { LRUCache } from 'lru-cache';
import { simpleGit } from 'simple-git';
import { pathInWords } from '../../domain/gates/path-name.ts';
import { headOf } from '../../domain/text.ts';
import { weigh } from './change.ts';
import type { ChangedFile, Commit, RepoGit } from './port.ts';
import { fieldsOf, nameOf, readRaw } from './raw-changes.ts';
import {
  KEEP_BYTES,
  requireSha,
  TooMuchOutput,
  trustedEnvironment,
  type TrustedGit,
  type TrustedGitDeps,
} from './trusted.ts';

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
  readonly bytes: number;
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
  const read = createAsking(deps);

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
    if (to === undefined) return await clean.text(['cat-file', 'blob', from]);
    const raw = await clean.text(['diff-tree', '-r', '-z', '--raw', '--no-renames', from, to], { bytes: true });
    // What is taken away is printed as well.
    const sides = readRaw(raw).map((one) => ({ ...one, after: one.after ?? one.before, before: null }));
    refuseLarge(await weigh(clean, [...readRaw(raw), ...sides]));
    return await clean.text([...PATCH, from, to, '--']);
  }

  async function readTree(sha: string): Promise<Tree> {
    const listed = await clean.text(['ls-tree', '-r', '-l', '-z', '--full-tree', sha], { bytes: true });
    return new Map(fieldsOf(listed).map(parseEntry));
  }

  const treeOf = (sha: string): Promise<Tree> => trees.forceFetch(requireSha(sha));

  return {
    async readFile(sha, path) {
      const entry = (await treeOf(sha)).get(path);
      // A symlink's text is a path and not what a reader of the file means; a folder has none.
      if (entry?.type !== 'blob' || entry.mode === '120000') return null;
      refuseLarge({ largest: { path, bytes: entry.bytes } });
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
      const asked = ['diff-tree', '-r', '-z', '--raw', '-M', requireSha(base), requireSha(head)];
      return readRaw(await clean.text(asked, { bytes: true })).map(({ path, from, mode, ...one }) => {
        const status = STATUS[one.status];
        if (status === undefined) throw new Error(`git diff-tree knows a kind of change that we don't: ${one.status}`);
        return { path, status, from, mode };
      });
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
      return fieldsOf(log).map(parseCommit);
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

/**
 * What names no file and was weighed before: it answers with text, without a bound. simple-git guards against what callers might
 * pass on from users; this environment is fixed and is what disarms those settings.
 */
function createAsking(deps: TrustedGitDeps): (args: string[]) => Promise<string> {
  const env = trustedEnvironment(deps, '');
  return async (args) =>
    await simpleGit({
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

function failure(args: readonly string[], exitCode: number | null, stdErr: readonly Buffer[]): Error {
  const how = typeof exitCode === 'number' && exitCode >= 0 ? `exited with ${exitCode}` : 'was killed';
  return new Error(
    `git ${headOf(args.join(' '), 300)} ${how}: ${Buffer.concat([...stdErr])
      .toString()
      .trim()}`,
  );
}

function refuseLarge({
  largest,
}: {
  readonly largest: { readonly path: string; readonly bytes: number } | null;
}): void {
  if (largest === null || largest.bytes <= KEEP_BYTES) return;
  throw new TooMuchOutput(`${pathInWords(largest.path)} has ${largest.bytes} bytes, which is too big to be read`);
}

/** `100644 blob <sha>    <size>` TAB path; a submodule has no size. */
function parseEntry(text: string): [path: string, entry: Entry] {
  const match = /^(\d{6}) ([a-z]+) ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(text);
  if (match === null) throw new Error(`git ls-tree said something unknown: ${text.slice(0, 200)}`);
  const [, mode = '', type = '', id = '', bytes = '', path = ''] = match;
  return [nameOf(path), { mode, type, id, bytes: bytes === '-' ? 0 : Number(bytes) }];
}

function parseCommit(text: string): Commit {
  const [sha = '', parents = '', subject = '', ...message] = text.split('\n');
  return { sha, subject, message: message.join('\n'), parents: parents.split(' ').filter((parent) => parent !== '') };
}
