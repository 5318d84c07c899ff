/** The files of a folder, read and replaced whole. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { holdingFolder } from './folder-lock.ts';
import { parseIssueFile, type IssueFile, type ParsedIssueFile } from './issue-file.ts';

export interface LoadedFile {
  readonly name: string;
  readonly file: IssueFile;
}

export interface IssueFolder {
  names(): readonly { readonly number: number; readonly name: string }[];
  /** Null when there is none; throws, with file and line, when it can't be read. */
  load(number: number): LoadedFile | null;
  scan(): { readonly files: readonly LoadedFile[]; readonly broken: readonly string[] };
  /** Under the folder's lock. `edit` answers with the new text, or null to leave the file alone. */
  change(number: number, edit: (file: IssueFile) => string | null): IssueFile;
  /** The lock is the caller's to hold. */
  write(name: string, text: string): void;
}

/** Far beyond what a person writes; reading more would hold up everything else that this process does. */
const MAX_BYTES = 512 * 1024;
const FILE_NAME = /^(\d{1,9})(?:-.*)?\.md$/;

export function createIssueFolder(dir: string): IssueFolder {
  function names(): { readonly number: number; readonly name: string }[] {
    // Nobody has added an issue yet; `scan` says so, because it may be a misspelt path as well.
    if (!existsSync(dir)) return [];
    return readdirSync(dir)
      .flatMap((name) => {
        const number = FILE_NAME.exec(name)?.[1];
        return number === undefined ? [] : [{ number: Number(number), name }];
      })
      .toSorted((a, b) => a.number - b.number || a.name.localeCompare(b.name));
  }

  function load(number: number): LoadedFile | null {
    const [found, second] = names().filter((one) => one.number === number);
    if (found === undefined) return null;
    if (second !== undefined) throw new Error(twice(found.name, second.name));
    const parsed = readIssueFile(dir, found.name);
    if (!parsed.ok) throw new Error(`issue ${number} can't be read: ${parsed.errors.join('; ')}`);
    return { name: found.name, file: parsed.file };
  }

  function scan(): { readonly files: LoadedFile[]; readonly broken: string[] } {
    const files: LoadedFile[] = [];
    const broken: string[] = existsSync(dir)
      ? []
      : [`${dir}: there is no such folder: add an issue, or correct tracker.dir`];
    const all = names();
    for (const { name, number } of all) {
      const other = all.find((one) => one.number === number && one.name !== name);
      const parsed = readIssueFile(dir, name);
      if (other !== undefined) broken.push(twice(name, other.name));
      else if (parsed.ok) files.push({ name, file: parsed.file });
      else broken.push(...parsed.errors);
    }
    return { files, broken };
  }

  function change(number: number, edit: (file: IssueFile) => string | null): IssueFile {
    return holdingFolder(dir, () => {
      const loaded = load(number);
      if (loaded === null) throw new Error(`there is no issue ${number} in ${dir}: it was removed, or never added`);
      const text = edit(loaded.file);
      if (text === null) return loaded.file;
      const parsed = parseIssueFile(text, loaded.name);
      // Our own edit must never be what breaks a person's file.
      if (!parsed.ok)
        throw new Error(
          `the edit of ${loaded.name} was given up, it would not be readable: ${parsed.errors.join('; ')}`,
        );
      write(loaded.name, text);
      return parsed.file;
    });
  }

  function write(name: string, text: string): void {
    if (Buffer.byteLength(text) > MAX_BYTES)
      throw new Error(
        `${name} was not written: it would have more than ${MAX_BYTES} bytes, and could not be read again`,
      );
    // A name that nobody can foresee, and only if it is new: a link that lies in wait would be written through.
    const draft = join(dir, `.${name}.${randomBytes(8).toString('hex')}.tmp`);
    writeFileSync(draft, text, { flag: 'wx' });
    renameSync(draft, join(dir, name));
  }

  return { names, load, scan, change, write };
}

/** The folder may be a repo that others write to: one strange entry is that entry's error, and must not hold up or end the reading of the rest. */
function readIssueFile(dir: string, name: string): ParsedIssueFile {
  const refuse = (what: string): ParsedIssueFile => ({ ok: false, errors: [`${name}:1:1: ${what}`] });
  let file: number;
  try {
    // Without O_NONBLOCK a pipe would hold the process for ever; a link could lead to what is nobody's issue.
    file = openSync(join(dir, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!['ELOOP', 'ENXIO', 'ENOENT', 'EACCES'].includes(code)) throw error;
    return refuse(`can't be read (${code}): put a plain file here, not a link`);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return refuse('is not a plain file: remove it, or name it otherwise');
    if (stat.size > MAX_BYTES) return refuse(`has ${stat.size} bytes, at most ${MAX_BYTES}: shorten it`);
    return parseIssueFile(readFileSync(file, 'utf8'), name);
  } finally {
    closeSync(file);
  }
}

function twice(name: string, other: string): string {
  return `${name}:1:1: ${other} has the same number: rename one and change its number`;
}
