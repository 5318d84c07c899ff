/** What a remote shows of main and of its tags. */
import { createHash } from 'node:crypto';

export interface Listing {
  /** Null: the remote has no such branch. */
  readonly main: string | null;
  /** The object that each tag names, by its whole ref: of an annotated one the tag itself. */
  readonly tags: ReadonlyMap<string, string>;
  /** The same for the same main and tags. */
  readonly digest: string;
}

/** More are a log, not names of versions: then none is taken, rather than some. */
export const MOST_TAGS = 10_000;

/** `<id>` TAB `<ref>` a line, as `git ls-remote` prints it. */
export function parseListing(text: string, branch: string): Listing {
  const refs = text.split('\n').map((line) => line.split('\t'));
  const main = refs.find(([, ref]) => ref === `refs/heads/${branch}`)?.[0] ?? null;
  const named = refs.filter(([, ref = '']) => ref.startsWith('refs/tags/') && !ref.endsWith('^{}'));
  const tags = new Map(named.map(([id = '', ref = '']) => [ref, id]));
  const digest = createHash('sha256')
    .update(JSON.stringify([main, [...tags]]))
    .digest('hex');
  return { main, tags: tags.size > MOST_TAGS ? new Map() : tags, digest };
}

/** Commands for `git update-ref --stdin` that take away what has moved or gone; git itself then takes what there is anew. */
export function staleTags(ours: string, { tags }: Listing): string[] {
  const lines = ours.split('\n').filter((line) => line !== '');
  const known = lines.map((line) => line.split(' '));
  return known.filter(([id, ref = '']) => tags.get(ref) !== id).map(([, ref]) => `delete ${ref}`);
}
