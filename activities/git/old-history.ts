/**
 * What a remote's own past may hold, because tools of its time wrote it and plain git clones it: names, dates and modes out of
 * form. It was on main before us and harms nobody who reads it. What leads out of a checkout (`..`, `.git`, whole paths, a
 * hostile `.gitmodules`) is refused from a remote too; what leaves a sandbox is new, and gets none of this.
 */
const HARMLESS = [
  'badDate',
  'badDateOverflow',
  'badEmail',
  'badFilemode',
  'badName',
  'badTagName',
  'badTimezone',
  'duplicateEntries',
  'gitattributesLarge',
  'gitattributesLineLength',
  'missingEmail',
  'missingNameBeforeEmail',
  'missingSpaceBeforeDate',
  'missingSpaceBeforeEmail',
  'missingTaggerEntry',
  'multipleAuthors',
  'nulInCommit',
  'nullSha1',
  'treeNotSorted',
  'zeroPaddedDate',
  'zeroPaddedFilemode',
] as const;

/** Options of git, before its command: for a fetch of what main has already. */
export const AS_OLD_AS_IT_IS: readonly string[] = HARMLESS.flatMap((id) => ['-c', `fetch.fsck.${id}=ignore`]);
