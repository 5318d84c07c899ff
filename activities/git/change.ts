/** How much a change is, and what it adds, commit by commit: by a few calls of git, however many commits there are, each bounded before it is made. */
import { tooLarge, type ChangeSize } from '../../domain/gates/change-size.ts';
import { addedByCommit, addedLines, ownLines, type AddedLine } from '../../domain/gates/patch.ts';
import type { RepoGit } from './port.ts';
import { readRaw, readRawBlocks, type RawChange } from './raw-changes.ts';
import { requireSha, type TrustedGit } from './trusted.ts';

// One NUL would make a file binary, and hide what it holds from whoever reads the patch: hence --text. What is deleted is not printed.
const ADDITIONS = 'diff-tree -p -r -U0 --text --no-ext-diff --no-textconv --no-color -M -l400 -D'.split(' ');
const RAW = 'diff-tree -r -z --raw -M -l400'.split(' ');
const UNRENAMED = 'diff-tree -r -z --raw --no-renames'.split(' ');
const BY_STDIN = ['--stdin', '--root', '--always'];

interface Made {
  readonly sha: string;
  readonly parents: readonly string[];
}

async function history(clean: TrustedGit, base: string, head: string): Promise<Made[]> {
  const range = [requireSha(head), `^${requireSha(base)}`, '--'];
  const listed = await clean.text(['rev-list', '--parents', '--reverse', '--topo-order', ...range]);
  const lines = listed.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [sha = '', ...parents] = line.split(' ');
    return { sha, parents };
  });
}

export function createChange(clean: TrustedGit): Pick<RepoGit, 'measure' | 'additions' | 'commitAdditions'> {
  /** What each commit changes: of a merge the paths alone that differ from all its parents, and how from each. */
  async function sidesOf(made: readonly Made[]): Promise<RawChange[][][]> {
    const asked = made.flatMap(({ sha, parents }) =>
      parents.length < 2 ? [sha] : parents.map((parent) => `${sha} ${parent}`),
    );
    if (asked.length === 0) return [];
    const blocks = readRawBlocks(await clean.text([...RAW, ...BY_STDIN], { input: lines(asked), bytes: true }));
    let at = 0;
    return made.map(({ parents }) => {
      const sides = blocks.slice(at, (at += Math.max(1, parents.length)));
      const paths = sides.map((side) => new Set(side.map((one) => one.path)));
      return sides.map((side) => side.filter(({ path }) => paths.every((known) => known.has(path))));
    });
  }

  async function texts(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map();
    const said = await clean.text(['cat-file', '--batch'], { input: lines(ids), bytes: true });
    const found = new Map<string, string>();
    for (let at = 0; at < said.length;) {
      const end = said.indexOf('\n', at);
      const [id = '', , size = ''] = said.slice(at, end).split(' ');
      const start = end + 1;
      found.set(id, Buffer.from(said.slice(start, start + Number(size)), 'latin1').toString('utf8'));
      at = start + Number(size) + 1;
    }
    return found;
  }

  /** Line by line against the blobs themselves: git's own patch of a merge leaves out what it calls binary. */
  async function addedByMerges(merges: readonly Made[]): Promise<[sha: string, added: AddedLine[]][]> {
    const all = await sidesOf(merges);
    const ids = all.flat(2).flatMap(({ before, after }) => [before, after]);
    const known = await texts([...new Set(ids.filter((id) => id !== null))]);
    return merges.map(({ sha }, at) => {
      const [first = [], ...others] = all[at] ?? [];
      const added = first.flatMap(({ path, after, ...one }) => {
        if (after === null) return [];
        const parents = [
          one.before,
          ...others.map((side) => side.find((other) => other.path === path)?.before ?? null),
        ];
        return ownLines(
          path,
          known.get(after) ?? '',
          parents.map((id) => (id === null ? '' : (known.get(id) ?? ''))),
        );
      });
      return [sha, added];
    });
  }

  return {
    async measure(base, head) {
      const range = [requireSha(head), `^${requireSha(base)}`, '--'];
      const commits = Number(await clean.text(['rev-list', '--count', ...range]));
      if (tooLarge({ commits }) !== null) return { ...NOTHING, commits };
      const made = await history(clean, base, head);
      const messageBytes = sum(
        (
          await sizesOf(
            clean,
            made.map(({ sha }) => sha),
          )
        ).values(),
      );
      if (tooLarge({ messageBytes }) !== null) return { ...NOTHING, commits, messageBytes };
      const whole = readRaw(await clean.text([...UNRENAMED, base, head], { bytes: true }));
      const counted = { ...NOTHING, commits, messageBytes, paths: whole.length };
      if (tooLarge(counted) !== null) return counted;
      const sides = await sidesOf(made);
      const touches = sum(sides.map(([first = []]) => first.length));
      if (tooLarge({ touches }) !== null) return { ...counted, touches };
      return { ...counted, touches, ...(await weigh(clean, [...whole, ...sides.flat(2)])) };
    },

    async additions(base, head) {
      return addedLines(await clean.text([...ADDITIONS, requireSha(base), requireSha(head)]));
    },

    async commitAdditions(base, head) {
      const made = await history(clean, base, head);
      const plain = made.filter(({ parents }) => parents.length < 2).map(({ sha }) => sha);
      const patches = await clean.text([...ADDITIONS, ...BY_STDIN], { input: lines(plain) });
      const added = new Map([
        ...addedByCommit(patches),
        ...(await addedByMerges(made.filter(({ parents }) => parents.length > 1))),
      ]);
      return made.map(({ sha }) => ({ sha, added: added.get(sha) ?? [] }));
    },
  };
}

const NOTHING: ChangeSize = { commits: 0, messageBytes: 0, paths: 0, touches: 0, bytes: 0, largest: null };

/** What must be read to see what changed: both sides, but for what was only moved or taken away. */
export async function weigh(
  clean: TrustedGit,
  changes: readonly RawChange[],
): Promise<Pick<ChangeSize, 'bytes' | 'largest'>> {
  const pathOf = new Map<string, string>();
  for (const { path, before, after } of changes) {
    if (after === null || after === before) continue;
    for (const id of [after, before]) if (id !== null) pathOf.set(id, path);
  }
  const sizes = await sizesOf(clean, [...pathOf.keys()]);
  let largest: ChangeSize['largest'] = null;
  for (const [id, bytes] of sizes) if (bytes > (largest?.bytes ?? 0)) largest = { path: pathOf.get(id) ?? '', bytes };
  return { bytes: sum(sizes.values()), largest };
}

async function sizesOf(clean: TrustedGit, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const asked = ['cat-file', '--batch-check=%(objectname) %(objectsize)'];
  const said = await clean.text(asked, { input: lines(ids) });
  return new Map(Array.from(said.matchAll(/^([0-9a-f]+) (\d+)$/gm), ([, id = '', size]) => [id, Number(size)]));
}

function sum(all: Iterable<number>): number {
  let total = 0;
  for (const one of all) total += one;
  return total;
}

function lines(all: readonly string[]): string {
  return all.map((one) => `${one}\n`).join('');
}
