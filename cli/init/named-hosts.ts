/** Hosts that a repo's lockfiles and the settings of its package managers name: a setup will ask for them sooner or later. */
import type { Tree } from './suite.ts';

interface Source {
  readonly file: RegExp;
  /** Each match's `host` is one. What else such files link to, as a package's home page, is asked for by nobody. */
  readonly named: RegExp;
}

const HOST = String.raw`(?<host>[\w-]+(?:\.[\w-]+)+)`;
const URL_HOST = String.raw`(?:git\+)?(?:https?|ssh):\/\/(?:[^\s/@"']*@)?${HOST}`;

const SOURCES: readonly Source[] = [
  { file: /^(package-lock|npm-shrinkwrap)\.json$/, named: new RegExp(`"resolved":\\s*"${URL_HOST}`, 'g') },
  { file: /^yarn\.lock$/, named: new RegExp(`(?:^\\s+resolved |^\\s*resolution: ".*@)"?${URL_HOST}`, 'gm') },
  { file: /^pnpm-lock\.yaml$/, named: new RegExp(`(?:tarball|repo): ['"]?${URL_HOST}`, 'g') },
  { file: /^bun\.lock$/, named: new RegExp(`"${URL_HOST}`, 'g') },
  { file: /^\.npmrc$/, named: new RegExp(`registry\\s*=\\s*"?${URL_HOST}`, 'g') },
  { file: /^\.yarnrc(\.yml)?$/, named: new RegExp(`(?:registry|npmRegistryServer:)"?\\s+"?${URL_HOST}`, 'g') },
  { file: /^bunfig\.toml$/, named: new RegExp(`(?:registry|url)\\s*=\\s*"${URL_HOST}`, 'g') },
  { file: /^package\.json$/, named: new RegExp(`:\\s*"${URL_HOST}[^"]*(?:\\.git|\\.tgz|\\.tar\\.gz)[^"]*"`, 'g') },
  {
    file: /^requirements[^/]*\.txt$|^constraints[^/]*\.txt$/,
    named: new RegExp(`^(?!\\s*#)(?:.*[\\s=@])?${URL_HOST}`, 'gm'),
  },
  { file: /^(poetry|uv|pdm)\.lock$/, named: new RegExp(`(?:url|registry|git)\\s*=\\s*"${URL_HOST}`, 'g') },
  { file: /^Pipfile(\.lock)?$/, named: new RegExp(`"?url"?\\s*[:=]\\s*"${URL_HOST}`, 'g') },
  { file: /^Cargo\.lock$/, named: new RegExp(`source = "(?:git|sparse)\\+https?:\\/\\/${HOST}`, 'g') },
  {
    file: /^pom\.xml$/,
    named: /<(?:plugin)?[rR]epository>(?:(?!<\/(?:plugin)?[rR]epository>)[\s\S])*?<url>\s*https?:\/\/(?<host>[\w.-]+)/g,
  },
];

const MOST = 50;

export function namedHosts(tree: Tree): string[] {
  const found = new Set<string>();
  for (const path of tree.files) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (path.includes('node_modules/')) continue;
    for (const { file, named } of SOURCES) {
      if (!file.test(name)) continue;
      for (const match of (tree.read(path) ?? '').matchAll(named))
        found.add((match.groups?.['host'] ?? '').toLowerCase());
    }
  }
  return [...found].slice(0, MOST);
}
