/** What a commit says of its submodules. */
import type { TrustedGit } from './trusted.ts';

/** One commit in one repository: the repo's own, or that of a submodule. */
export interface Level {
  readonly git: TrustedGit;
  readonly sha: string;
  /** Address of the repository. */
  readonly remote: string;
  /** Its folder in the checkout, with a slash at its end; empty for the repo itself. */
  readonly above: string;
  readonly depth: number;
}

export interface Link {
  readonly path: string;
  readonly commit: string;
  /** As `.gitmodules` says, made whole where it is relative; null where it says nothing. */
  readonly address: string | null;
}

/** More are no repo that a person keeps. */
const MOST = 200;

export async function linksOf({ git, sha, remote }: Level): Promise<Link[]> {
  const entries = (await git.text(['ls-tree', '-r', '-z', '--full-tree', sha])).split('\0');
  const links = entries.filter((entry) => entry.startsWith('160000 commit ')).slice(0, MOST);
  if (links.length === 0) return [];
  const urls = await urlsOf(git, sha);
  return links.map((entry) => {
    const [head = '', path = ''] = entry.split('\t');
    const url = urls.get(path);
    return { path, commit: head.split(' ')[2] ?? '', address: url === undefined ? null : wholeAddress(remote, url) };
  });
}

/** By path. The file is hostile: git reads it as configuration that includes no other, and nothing in it is acted on. */
async function urlsOf(git: TrustedGit, sha: string): Promise<ReadonlyMap<string, string>> {
  const what = ['--get-regexp', String.raw`^submodule\..*\.(path|url)$`];
  const read = await git.run(['config', '-z', '--no-includes', '--blob', `${sha}:.gitmodules`, ...what]);
  const paths = new Map<string, string>();
  const urls = new Map<string, string>();
  for (const entry of read.stdout.split('\0')) {
    const [, name = '', key] = /^submodule\.(.*)\.(path|url)\n/s.exec(entry) ?? [];
    const value = entry.slice(entry.indexOf('\n') + 1);
    if (key === 'path') paths.set(name, value);
    else if (key === 'url') urls.set(name, value);
  }
  return new Map([...paths].flatMap(([name, path]) => (urls.has(name) ? [[path, urls.get(name) ?? ''] as const] : [])));
}

/** `./` and `../` count from the address of the repo that says so, as git counts them. */
export function wholeAddress(remote: string, url: string): string {
  let base = remote.replace(/\/+$/, '');
  let rest = url;
  let between = '/';
  if (!/^\.\.?\//.test(url)) return url;
  while (/^\.\.?\//.test(rest)) {
    if (rest.startsWith('../')) {
      const cut = Math.max(base.lastIndexOf('/'), base.lastIndexOf(':'));
      between = base[cut] ?? '/';
      base = base.slice(0, Math.max(cut, 0));
    }
    rest = rest.slice(rest.indexOf('/') + 1);
  }
  return `${base}${between}${rest}`;
}
