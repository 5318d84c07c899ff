/**
 * The repository that commands find in their folder, `.git`: of that folder alone, in a session as in a gate's checkout. So a setup that
 * writes settings or hooks does the same in both, and nothing that it writes is ever read by trusted git, which has its own clones.
 */
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, open, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { absent } from './absent.ts';
import { makeEmptyRepo } from './empty-repo.ts';

/** Who commits where nobody says so, and what keeps git from work of its own. */
export const OWN_SETTINGS = {
  user: { name: 'Lamplighter Agent', email: 'agent@lamplighter.invalid' },
  gc: { auto: '0' },
  maintenance: { auto: 'false' },
  advice: { detachedHead: 'false' },
};

export interface SessionRepo {
  readonly base: string;
  /** Of a checkout of the base in the folder that the session sees. */
  readonly index: string;
  /** Lines of sha and name. */
  readonly refs: string;
  /** Objects as they stand inside. */
  readonly borrows: string;
  /** Main, and the file inside that says where it stands now. */
  readonly main: { readonly ref: string; readonly file: string };
}

export async function makeSessionRepo(dir: string, { base, index, refs, borrows, main }: SessionRepo): Promise<void> {
  await makeEmptyRepo(dir, { bare: false, borrows, settings: OWN_SETTINGS });
  await copyFile(index, join(dir, 'index'));
  await writeFile(join(dir, 'packed-refs'), refs);
  // Git reads a ref through a link that leads to none: so main, which moves on meanwhile, is where it was last fetched.
  await mkdir(dirname(join(dir, main.ref)), { recursive: true });
  await symlink(main.file, join(dir, main.ref));
  await writeFile(join(dir, 'HEAD'), `${base}\n`);
}

const SHA = /^[0-9a-f]{40,64}$/;

/** Where HEAD stands in a repository that an agent could write, as text: of a branch, what its reflog says last. Null when it can't be told. */
export async function headIn(dir: string): Promise<string | null> {
  const head = await plainText(join(dir, 'HEAD'));
  if (head !== null && SHA.test(head)) return head;
  return head?.startsWith('ref: ') === true ? ((await shasOfLog(join(dir, 'logs', 'HEAD'))).at(-1) ?? null) : null;
}

/** Every commit that HEAD, a branch or the stash ever stood at, as far as its reflogs tell. */
export async function shasEverIn(dir: string): Promise<string[]> {
  const logs = join(dir, 'logs');
  // What is a link leads elsewhere, and is not followed.
  if ((await lstat(logs).catch(absent))?.isDirectory() !== true) return [];
  const entries = await readdir(logs, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return [...new Set((await Promise.all(files.map(shasOfLog))).flat())];
}

async function shasOfLog(path: string): Promise<string[]> {
  const text = (await plainText(path)) ?? '';
  return text.split('\n').flatMap((line) => /^[0-9a-f]+ ([0-9a-f]{40,64}) /.exec(line)?.[1] ?? []);
}

/** What an agent could write is read as text only, without following a link; null when it is not a plain file. */
async function plainText(path: string): Promise<string | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      return stat.isFile() && stat.size < 16 * 1024 * 1024 ? (await file.readFile('utf8')).trim() : null;
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO', 'EACCES'].includes(code)) return null;
    throw error;
  }
}
