/** How large a change may be, counted before anything of it is read: what is more is refused at once, and in words. */
import { pathInWords } from './path-name.ts';

export interface ChangeSize {
  readonly commits: number;
  /** Of the commits themselves, most of it their messages. */
  readonly messageBytes: number;
  /** Paths that the change touches; a renamed file counts twice. */
  readonly paths: number;
  /** The same of each commit, added up. */
  readonly touches: number;
  /** Of all that its commits add or change, before and after. */
  readonly bytes: number;
  /** The largest file that one of the commits adds or changes, before or after; null where there is none. */
  readonly largest: { readonly path: string; readonly bytes: number } | null;
}

export const MAX_FILES = 500;
const MAX_COMMITS = 2_000;
const MAX_TOUCHES = 10_000;
const MB = 1024 ** 2;
const MAX_MB = 32;
const MAX_MB_IN_ALL = 512;
const MAX_MB_OF_MESSAGES = 8;

export const SMALLER =
  'commit only what the issue needs, without generated files; if it truly needs this much, give up and say so.';

/** A sentence for the agent; null while nothing that was counted is too much. What was not counted yet is left out. */
export function tooLarge(size: Partial<ChangeSize>): string | null {
  const { commits = 0, messageBytes = 0, paths = 0, touches = 0, bytes = 0, largest = null } = size;
  if (commits > MAX_COMMITS)
    return `Your change has ${commits} commits, more than the ${MAX_COMMITS} that a change may: squash them into the few that tell it.`;
  if (messageBytes > MAX_MB_OF_MESSAGES * MB)
    return `The messages of your commits have ${Math.ceil(messageBytes / MB)} MB in all, more than the ${MAX_MB_OF_MESSAGES} MB that they may have: amend them.`;
  // Twice as many, because of renames: what is below is counted again, with them known.
  if (paths > 2 * MAX_FILES)
    return `Your change touches ${paths} files, more than the ${MAX_FILES} that a change may: ${SMALLER}`;
  if (touches > MAX_TOUCHES)
    return `Your commits touch ${touches} files, one after the other, more than the ${MAX_TOUCHES} that they may: squash them, and ${SMALLER}`;
  if (largest !== null && largest.bytes > MAX_MB * MB)
    return `Your change is too big to be read: ${pathInWords(largest.path)} has ${Math.ceil(largest.bytes / MB)} MB in one of your commits, more than the ${MAX_MB} MB that a file may have. Rewrite your commits without it; if the issue cannot be done without it, give up and say so.`;
  if (bytes > MAX_MB_IN_ALL * MB)
    return `Your change is too big to be read: the files of your commits have ${Math.ceil(bytes / MB)} MB in all, more than the ${MAX_MB_IN_ALL} MB that they may have. Squash them, and ${SMALLER}`;
  return null;
}
