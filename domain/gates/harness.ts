/**
 * The test harness: what decides how tests are found, run and reported. A change that may write it can make any test
 * lie, so guard keeps it as it is on the base. Pure; files are read before.
 */
import { joined } from './files-named.ts';
import { isManifest } from './manifests.ts';

/** Runner configuration and what runners load unasked, as globs from the repo's root. */
export const HARNESS_FILES: readonly string[] = [
  '**/vitest.{config,workspace}.*',
  '**/jest.{config,preset,setup}.*',
  '**/.mocharc*',
  '**/ava.config.*',
  '**/karma.conf.*',
  '**/{playwright,cypress}.config.*',
  '**/.{taprc,nycrc,c8rc}*',
  '**/.{npmrc,pnpmfile.cjs}',
  '**/.yarnrc*',
  '**/bunfig.toml',
  '**/{,.}pytest.{ini,toml}',
  '**/tox.ini',
  '**/noxfile.py',
  '**/.coveragerc',
  // Python imports these by name from the folder that it runs in, in place of the real ones.
  '**/{sitecustomize,usercustomize,pytest,unittest}.py',
  '**/_pytest/**',
  // Go takes these in place of the real ones wherever they stand.
  '**/vendor/github.com/{stretchr/testify,onsi/gomega,onsi/ginkgo,google/go-cmp,frankban/quicktest,matryer/is}/**',
  '**/vendor/{gotest.tools,go.uber.org/goleak}/**',
  '**/.cargo/config{,.toml}',
  '**/.config/nextest.toml',
];

/** Files that only some commands read: a word of the commands, and globs. */
export const HARNESS_OF_COMMANDS: readonly { readonly word: RegExp; readonly globs: readonly string[] }[] = [
  { word: /\bvitest\b/, globs: ['**/vite.config.*'] },
  { word: /\bmake\b/, globs: ['**/{GNUmakefile,Makefile,makefile}', '**/*.mk'] },
  { word: /\bjust\b/, globs: ['**/{,.}justfile', '**/Justfile'] },
  { word: /\btask\b/, globs: ['**/Taskfile.y{a,}ml'] },
  { word: /\bturbo\b/, globs: ['**/turbo.json'] },
  { word: /\bnx\b/, globs: ['**/nx.json', '**/project.json'] },
];

const SETUP_KEY =
  /\b(?:setupFiles\w*|globalSetup|globalTeardown|reporters?|runner|testEnvironment|environment|snapshotSerializers|require|import|file|preload|transform|addopts)["']?\s*[:=]\s*(\[[^\]]*\]|\{[^}]*\}|["'`][^"'`\n]*["'`]|[^\n]*)/g;

/** Files that a runner's configuration has loaded around the tests. */
export function filesConfigured(config: string, dir: string, files: ReadonlySet<string>): string[] {
  const values = [...config.matchAll(SETUP_KEY)].map((match) => match[1] ?? '');
  const words = values.flatMap((value) => value.replaceAll('<rootDir>/', './').split(/[\s"'`,[\]{}]+/));
  const candidates = words
    .filter((word) => word !== '')
    .flatMap((word) => ['', '.js', '.mjs', '.cjs', '.ts'].map((ending) => joined(dir, `${word}${ending}`)));
  return [...new Set(candidates)].filter((path) => files.has(path) && !isManifest(path));
}

/** Files that a configuration leads to in any way: by a key that is known, or by a path of its own. */
export function filesReferred(config: string, dir: string, files: ReadonlySet<string>): string[] {
  const paths = [...config.matchAll(/["'`](\.{1,2}\/[^"'`\n]*)["'`]/g)].map((match) => joined(dir, match[1] ?? ''));
  const ways = (file: string): string[] => [file, file.replace(/\.\w+$/, ''), file.replace(/\/index\.\w+$/, '')];
  const led = [...files].filter((file) => ways(file).some((way) => paths.includes(way)));
  return [...led, ...filesConfigured(config, dir, files)];
}

export interface Around {
  /** All that the contract's commands come to. */
  readonly commands: string;
  /** Whether main has or installs a package of this name. */
  readonly known: (name: string) => boolean;
}

/** What of a manifest belongs to the harness: a name for people, and its text. */
export function manifestHarness(path: string, text: string, around: Around): ReadonlyMap<string, string> {
  if (/(?:^|\/)package\.json$/.test(path)) return packageHarness(text, around);
  if (/(?:^|\/)go\.(?:mod|work)$/.test(path)) return goHarness(text);
  return path.endsWith('Cargo.toml')
    ? sections(text, /^profile\.test/, /^\s*(?:harness|autotests|doctest|test)\s*=/)
    : sections(text, /pytest|\btox\b|\bnox\b/, /\bini_options\b|\baddopts\b|\bpytest11\b/);
}

const GO_ASSERTIONS =
  /^(?:github\.com\/(?:stretchr\/testify|onsi\/(?:gomega|ginkgo)|google\/go-cmp|frankban\/quicktest|matryer\/is)|gotest\.tools|go\.uber\.org\/goleak)(?:\/v\d+)?$/;

/** A library of assertions that comes from elsewhere may be the change's own. */
function goHarness(text: string): ReadonlyMap<string, string> {
  const replaced = [...text.matchAll(/^\s*(?:replace\s+)?(\S+)(?:\s+v\S+)?\s+=>\s*([^\n]*)$/gm)];
  return new Map(
    replaced.flatMap(([, name = '', by = '']) =>
      GO_ASSERTIONS.test(name) ? [[`the replacement of ${name}`, by.trim()]] : [],
    ),
  );
}

/** Names of what differs. */
export function harnessChanges(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));
}

const RUNNER_KEYS = ['jest', 'mocha', 'ava', 'vitest', 'tap', 'nyc', 'c8'] as const;
const RUNNERS =
  /^(?:vitest|jest|mocha|ava|chai|tap|tape|jasmine|uvu|expect|playwright|c8|nyc)$|^@(?:vitest|jest|playwright)\//;
/** What a runner is started by, or starts: a package that brings a program of such a name stands in its place. */
const PROGRAMS =
  /^(?:node|npm|npx|pnpm|pnpx|yarn|bun|bunx|corepack|sh|bash|dash|env|python3?|git|make|tsc|tsx|ts-node)$/;
const OTHER_SOURCE = /^(?:file|link|portal|git|https?|npm|github)[:+]/;

function packageHarness(text: string, { commands, known }: Around): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const manifest = parsedObject(text);
  if (manifest === null) return new Map([['the whole file', text]]);
  const scripts = objectAt(manifest, 'scripts');
  for (const name of reachableScripts(scripts, commands)) found.set(`scripts.${name}`, JSON.stringify(scripts[name]));
  for (const key of RUNNER_KEYS) if (key in manifest) found.set(key, JSON.stringify(manifest[key]));
  const name = typeof manifest['name'] === 'string' ? manifest['name'] : '';
  if (RUNNERS.test(name) || known(name)) found.set(`name ${name}`, name);
  for (const [program, file] of programsOf(manifest, name))
    if (
      RUNNERS.test(program) ||
      PROGRAMS.test(program) ||
      wordsOf(commands).has(program) ||
      (program !== name && known(program))
    )
      found.set(`bin.${program}`, String(file));
  const folder = objectAt(manifest, 'directories')['bin'];
  if (folder !== undefined) found.set('bin', JSON.stringify(folder));
  for (const kind of KINDS_OF_DEPENDENCIES) {
    for (const [name, version] of Object.entries(objectAt(manifest, kind))) {
      // A newer release of a runner is ordinary; one from elsewhere may be the change's own.
      if (RUNNERS.test(name) && typeof version === 'string' && OTHER_SOURCE.test(version))
        found.set(`${kind}.${name}`, version);
    }
  }
  return found;
}

const KINDS_OF_DEPENDENCIES = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'overrides',
  'resolutions',
];

/** What an installer links beside the programs of other packages. */
function programsOf(manifest: Readonly<Record<string, unknown>>, name: string): [string, unknown][] {
  const own = name.slice(name.lastIndexOf('/') + 1);
  return typeof manifest['bin'] === 'string' ? [[own, manifest['bin']]] : Object.entries(objectAt(manifest, 'bin'));
}

function wordsOf(text: string): Set<string> {
  return new Set(text.split(/[\s"'`;|&()]+/));
}

/** A script that an installer runs by itself, in every package of a workspace. */
export function isHook(script: string): boolean {
  return /^(?:pre|post)?(?:install|prepare|prepublish)$/.test(script);
}

/** Scripts that the contract's commands call, with those that npm runs around them and those that they call in turn. */
export function reachableScripts(scripts: Readonly<Record<string, unknown>>, commands: string): string[] {
  const reached = new Set<string>();
  const look = (text: string): void => {
    const words = wordsOf(text);
    // Such as `npx -y pnpm@9.15.0 install`.
    if ([...words].some((word) => /^(?:npm|pnpm|yarn|bun|@yarnpkg\/cli-dist)(?:@|$)/.test(word))) {
      if (words.has('t') || words.has('tst')) words.add('test');
      if (words.has('ci') || words.has('install') || words.has('i'))
        for (const hook of ['install', 'prepare', 'prepublish']) words.add(hook);
    }
    for (const word of words) for (const name of [`pre${word}`, word, `post${word}`]) reach(name);
  };
  const reach = (name: string): void => {
    if (reached.has(name) || !Object.hasOwn(scripts, name)) return;
    reached.add(name);
    look(`${name} ${String(scripts[name])}`);
  };
  look(commands);
  return [...reached].toSorted();
}

/** Whole sections by their header, and single lines wherever they stand. */
function sections(text: string, header: RegExp, line: RegExp): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let section = '';
  for (const one of text.split('\n')) {
    const head = /^\s*\[+\s*([^\]]+?)\s*\]+/.exec(one);
    if (head !== null) section = (head[1] ?? '').replace(/["'\s]/g, '');
    const plain = one.trim();
    if (plain === '' || plain.startsWith('#')) continue;
    if (!header.test(section) && !line.test(one)) continue;
    const name = section === '' ? 'its head' : `[${section}]`;
    found.set(name, `${found.get(name) ?? ''}${plain}\n`);
  }
  return found;
}

function parsedObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    // Not JSON: no runner could read it either, so its whole text is compared.
    return null;
  }
}

function objectAt(value: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const found = value[key];
  return isObject(found) ? found : {};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
