/** Reads the clean clone: trees, changes, history. Nothing here writes. */
import { simpleGit } from 'simple-git';
import type { ChangedFile, Commit, RepoGit } from './port.ts';
import { requireSha, trustedEnvironment, type TrustedGit, type TrustedGitDeps } from './trusted.ts';

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

export function createReading(clean: TrustedGit, deps: TrustedGitDeps): Reading {
  const env = trustedEnvironment(deps, '');

  /** simple-git guards against what callers might pass on from users; this environment is fixed and is what disarms those settings. */
  async function read(args: string[]): Promise<string> {
    return await simpleGit({
      baseDir: deps.cwd,
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

  return {
    async readFile(sha, path) {
      const entry = await read(['ls-tree', '-z', '--full-tree', requireSha(sha), '--', path]);
      const match = /^(\d{6}) blob ([0-9a-f]+)\t/.exec(entry);
      // A symlink's text is a path and not what a reader of the file means; a folder has none.
      if (match?.[2] === undefined || match[1] === '120000') return null;
      return await clean.text(['cat-file', 'blob', match[2]]);
    },

    async files(sha) {
      return split(await read(['ls-tree', '-r', '-z', '--full-tree', '--name-only', requireSha(sha)]));
    },

    async blobs(sha, paths) {
      // Of the whole tree: a path from the repo given to git could be read as a pattern.
      const wanted = new Set(paths);
      const found = new Map<string, string>();
      for (const entry of split(await read(['ls-tree', '-r', '-z', '--full-tree', requireSha(sha)]))) {
        const match = /^\d{6} blob ([0-9a-f]+)\t(.*)$/s.exec(entry);
        if (match?.[1] !== undefined && wanted.has(match[2] ?? '')) found.set(match[2] ?? '', match[1]);
      }
      return found;
    },

    async changedFiles(base, head) {
      return parseRaw(await read(['diff-tree', '-r', '-z', '--raw', '-M', requireSha(base), requireSha(head)]));
    },

    patch: (base, head) =>
      clean.text([
        'diff',
        // One NUL would make a file binary, and hide what it holds from whoever reads the patch.
        '--text',
        '--no-ext-diff',
        '--no-textconv',
        '--no-color',
        '-M',
        requireSha(base),
        requireSha(head),
        '--',
      ]),

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
      // Not `merge-base --is-ancestor`: simple-git takes a silent exit 1 for success.
      return (
        (await read(['rev-list', '--max-count=1', requireSha(ancestor), `^${requireSha(head)}`, '--'])).trim() === ''
      );
    },

    async mergeBase(a, b) {
      const base = (await read(['merge-base', requireSha(a), requireSha(b)])).trim();
      if (base === '') throw new Error(`${a} and ${b} have no history in common`);
      return base;
    },
  };
}

function split(text: string): string[] {
  return text.split('\0').filter((part) => part !== '');
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
