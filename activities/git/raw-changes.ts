/** What `git diff-tree -r -z --raw` says, one character for each byte: names are bytes (domain/gates/path-name.ts). */
import { pathOfBytes } from '../../domain/gates/path-name.ts';

export interface RawChange {
  readonly path: string;
  /** For a rename: where it was. */
  readonly from: string | null;
  /** A, M, D, R, T. */
  readonly status: string;
  readonly mode: string;
  /** Blobs before and after; null where there is none, or none of ours: a submodule. */
  readonly before: string | null;
  readonly after: string | null;
}

const HEADER = /^:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])\d*$/;
const SUBMODULE = '160000';

/** Of one comparison. `:100644 100755 <sha> <sha> M` NUL path NUL; a rename has two paths, from and to. */
export function readRaw(raw: string): RawChange[] {
  return readFields(fieldsOf(raw))[0] ?? [];
}

/** Of those that `--stdin --always` asks for, in their order: each begins with a sha. */
export function readRawBlocks(raw: string): RawChange[][] {
  return readFields(fieldsOf(raw)).slice(1);
}

/** The first block is what comes before any sha. */
function readFields(fields: readonly string[]): RawChange[][] {
  const blocks: RawChange[][] = [[]];
  for (let at = 0; at < fields.length;) {
    const field = fields[at++] ?? '';
    const match = HEADER.exec(field);
    if (match === null) {
      if (!/^[0-9a-f]{40,64}$/.test(field))
        throw new Error(`git diff-tree said something unknown: ${field.slice(0, 200)}`);
      blocks.push([]);
      continue;
    }
    const [, oldMode = '', mode = '', before = '', after = '', status = ''] = match;
    const from = status === 'R' ? nameOf(fields[at++] ?? '') : null;
    const path = nameOf(fields[at++] ?? '');
    blocks.at(-1)?.push({ path, from, status, mode, before: blobOf(oldMode, before), after: blobOf(mode, after) });
  }
  return blocks;
}

function blobOf(mode: string, id: string): string | null {
  return mode === '000000' || mode === SUBMODULE ? null : id;
}

/** Fields that NUL ends, as git's `-z` writes them. */
export function fieldsOf(bytes: string): string[] {
  return bytes.split('\0').filter((field) => field !== '');
}

export function nameOf(bytes: string): string {
  return pathOfBytes(Buffer.from(bytes, 'latin1'));
}
