/**
 * A package that main does not have yet. Its manifest lies where nothing of main lies, so it decides nothing about main's own
 * tests, except by its name (a workspace's package stands in the place of an installed one), by programs that it brings, and
 * by what an installer or a runner does in every package. Pure.
 */
import { isHook } from './harness.ts';

/** Whether the folder of this path holds nothing on main, nor lies above anything that does. */
export function inNewFolder(path: string, files: Iterable<string>): boolean {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  if (folder === '') return false;
  for (const file of files) if (file.startsWith(folder)) return false;
  return true;
}

/** Ways into other packages than the one that a command runs in. */
const ENTERS =
  /(?:^|\s)(?:--workspaces?|-ws?|-r|--recursive|--filter|-F|--prefix|-C|--cwd|--dir)(?=[\s=]|$)|\b(?:lerna|turbo|nx|rush|wsrun|moon|foreach|workspaces?|cd|for|find|xargs)\b/m;

export interface SaidOnMain {
  /** Harness parts of main's manifests of this kind. */
  readonly manifests: readonly ReadonlyMap<string, string>[];
  readonly commands: string;
}

/** Names of the parts that only a person may bring: the others say what another package of main says, or are never reached. */
export function newPackageParts(parts: ReadonlyMap<string, string>, { manifests, commands }: SaidOnMain): string[] {
  const entered = ENTERS.test(commands);
  return [...parts].flatMap(([part, text]) => {
    const script = /^scripts\.(.*)$/s.exec(part)?.[1];
    if (script !== undefined && !entered && !isHook(script)) return [];
    const isOwn = /^(?:name |bin(?:\.|$)|(?:\w*[dD]ependencies|overrides|resolutions)\.)/.test(part);
    return !isOwn && manifests.some((one) => one.get(part) === text) ? [] : [part];
  });
}

const PLACES_OF_PACKAGES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

export type KnownPackages = (name: string) => boolean;

/** The packages that main has or installs: by the names in its manifests, and in its lockfiles for what those need in turn. */
export function knownPackages(files: readonly { readonly path: string; readonly text: string }[]): KnownPackages {
  const names = new Set<string>();
  const locks: string[] = [];
  for (const { path, text } of files) {
    if (!path.endsWith('package.json')) locks.push(text);
    else for (const name of namesIn(text)) names.add(name);
  }
  return (name) => {
    if (names.has(name) || name.length > MAX_NAME) return true;
    const plain = name.replace(/[^\w@/-]/g, '\\$&');
    const entry = new RegExp(`(?:node_modules/|^\\s*["'/]{0,2}|["',]\\s*"?)${plain}(?:@|["']?\\s*:|/\\d)`, 'm');
    return locks.some((text) => entry.test(text));
  };
}

/** A package may keep the name that it has. */
export function knownBeside(known: KnownPackages, manifest: string): KnownPackages {
  const [own] = namesIn(manifest);
  return (name) => name !== own && known(name);
}

/** npm takes no longer one. */
const MAX_NAME = 214;

function namesIn(text: string): string[] {
  try {
    const manifest = JSON.parse(text) as Record<string, unknown> | null;
    if (typeof manifest !== 'object' || manifest === null) return [];
    const groups = PLACES_OF_PACKAGES.map((kind) => manifest[kind]).filter(
      (group) => typeof group === 'object' && group !== null,
    );
    return [manifest['name'], ...groups.flatMap((group) => Object.keys(group as object))].filter(
      (name): name is string => typeof name === 'string',
    );
  } catch {
    // No JSON: it names nothing that could be installed.
    return [];
  }
}
