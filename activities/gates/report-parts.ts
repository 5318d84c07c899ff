/** What the readers of every kind of report share. */
import type { TestOutcome } from '../../domain/gates/outcome.ts';

export type ReadReport =
  | { readonly ok: true; readonly outcomes: readonly TestOutcome[] }
  | { readonly ok: false; readonly why: 'missing' | 'unreadable' | 'unsupported'; readonly reason: string };

/** Cuts the first root that `path` starts with. */
export function relativeTo(roots: readonly string[], path: string): string {
  const plain = path.replace(/^file:\/\//, '');
  const root = roots.find((one) => plain.startsWith(`${one}/`));
  return (root === undefined ? plain : plain.slice(root.length + 1)).replace(/^\.\//, '');
}

/** Node's runner reports a file as if it were a test when it holds none, or when it does not load. */
export function isFileLevel(file: string, name: string): boolean {
  return file !== '' && (file === name || file.endsWith(`/${name}`));
}

const DETAIL_CHARS = 2_000;

export function boundedDetail(text: string): string {
  const plain = text.replace(/\0/g, '').trim();
  return plain.length > DETAIL_CHARS ? `${plain.slice(0, DETAIL_CHARS)} …` : plain;
}
