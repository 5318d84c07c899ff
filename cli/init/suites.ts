/** Which test suites a repo holds, told by its manifests: each becomes one check of the drafted contract. */
import { dirname } from 'node:path/posix';
import { cargoSuite, goSuite, mavenSuite } from './compiled-suites.ts';
import { nodeSuite, testScriptOf } from './node-suite.ts';
import { LANGUAGES, type Folder, type FoundSuite, type Language, type Suite, type Tools, type Tree } from './suite.ts';
import { pythonSuite } from './python-suite.ts';

const FOREIGN = /(^|\/)(node_modules|vendor|third_party|testdata|fixtures|__fixtures__|examples?|\.venv|venv)\//;
const MANIFESTS: Readonly<Record<Language, RegExp>> = {
  node: /^package\.json$/,
  python: /^(pyproject\.toml|setup\.py|setup\.cfg|pytest\.ini|tox\.ini|Pipfile|requirements[^/]*\.txt)$/,
  go: /^go\.mod$/,
  cargo: /^Cargo\.toml$/,
  maven: /^pom\.xml$/,
};
/** Their manifest at the top speaks for the folders below. */
const TOPMOST: readonly Language[] = ['cargo', 'maven'];
const NOT_READ = /(^|\/)(build\.gradle(\.kts)?|Gemfile|composer\.json|mix\.exs|[^/]+\.csproj|CMakeLists\.txt)$/;

const suiteOf: Readonly<Record<Language, (folder: Folder, tools: Tools) => FoundSuite | null>> = {
  node: nodeSuite,
  python: pythonSuite,
  go: goSuite,
  cargo: cargoSuite,
  maven: mavenSuite,
};

export function languagesIn(tree: Tree): Language[] {
  return LANGUAGES.filter((language) => foldersOf(tree, language).length > 0);
}

export function findSuites(
  tree: Tree,
  tools: Tools,
): { readonly suites: readonly Suite[]; readonly notes: readonly string[] } {
  const all = LANGUAGES.flatMap((language) =>
    foldersOf(tree, language).flatMap((dir) => suiteOf[language](folderAt(tree, dir, language), tools) ?? []),
  );
  const found = all.map((one) => (isDoubled(one, all) ? { note: one.insteadOf } : one));
  const unread = own(tree).filter((path) => NOT_READ.test(path));
  return {
    suites: found.flatMap((one) => ('suite' in one ? [one.suite] : [])).toSorted((a, b) => a.dir.localeCompare(b.dir)),
    notes: [
      ...found.flatMap((one) => ('note' in one ? [one.note] : [])),
      ...unread.slice(0, 3).map((path) => `${path} is of a kind that init does not know: add its check by hand.`),
    ],
  };
}

/** Whether suites below it run all that it would run. */
function isDoubled(
  one: FoundSuite,
  all: readonly FoundSuite[],
): one is { readonly suite: Suite; readonly insteadOf: string } {
  if (!('suite' in one) || one.insteadOf === undefined) return false;
  const { dir, language } = one.suite;
  return all.some(
    (other) =>
      'suite' in other &&
      other.suite.language === language &&
      other.suite.dir !== dir &&
      isInside(other.suite.dir, dir),
  );
}

function own(tree: Tree): string[] {
  return tree.files.filter((path) => !FOREIGN.test(path));
}

/** Folders with a manifest of the language; Python tests without any manifest stand at the root, and so do Node's. */
function foldersOf(tree: Tree, language: Language): string[] {
  const files = own(tree);
  const dirs = [
    ...new Set(files.filter((path) => MANIFESTS[language].test(baseName(path))).map((path) => dirname(path))),
  ];
  if (dirs.length === 0) {
    const bare = language === 'python' ? /(^|\/)(test_[^/]*|[^/]*_test)\.py$/ : /(^|\/)[^/]+[.-]test\.[cm]?js$/;
    return (language === 'python' || language === 'node') && files.some((path) => bare.test(path)) ? ['.'] : [];
  }
  if (language === 'node') return dirs.filter((dir) => !isSpokenFor(tree, dir, dirs));
  if (!TOPMOST.includes(language)) return dirs;
  return dirs.filter((dir) => !dirs.some((other) => other !== dir && isInside(dir, other)));
}

/** A package without a test script is tested by the folder above that has one, as by one vitest for a whole workspace. */
function isSpokenFor(tree: Tree, dir: string, dirs: readonly string[]): boolean {
  const scriptOf = (folder: string): ReturnType<typeof testScriptOf> =>
    testScriptOf(tree.read(inFolder(folder, 'package.json')) ?? '{}');
  if (scriptOf(dir) !== null) return false;
  return dirs.some((other) => other !== dir && isInside(dir, other) && scriptOf(other) === 'own');
}

/** A file belongs to the deepest folder with a manifest of the language. */
function folderAt(tree: Tree, dir: string, language: Language): Folder {
  const deeper = foldersOf(tree, language).filter((other) => other !== dir && isInside(other, dir));
  const files = own(tree)
    .filter((path) => isInside(path, dir) && !deeper.some((other) => isInside(path, other)))
    .map((path) => (dir === '.' ? path : path.slice(dir.length + 1)));
  return {
    dir,
    files,
    read: (file) => (files.includes(file) ? tree.read(inFolder(dir, file)) : null),
    nearest(names) {
      for (const at of upwards(dir)) {
        const name = names.find((one) => tree.files.includes(inFolder(at, one)));
        if (name !== undefined) return { dir: at, name };
      }
      return null;
    },
    up: (name) =>
      upwards(dir)
        .filter((at) => tree.files.includes(inFolder(at, name)))
        .map((at) => ({ dir: at, text: tree.read(inFolder(at, name)) ?? '' })),
  };
}

function upwards(dir: string): string[] {
  return dir === '.' ? ['.'] : [dir, ...upwards(dirname(dir))];
}

function inFolder(dir: string, file: string): string {
  return dir === '.' ? file : `${dir}/${file}`;
}

function isInside(path: string, dir: string): boolean {
  return dir === '.' || path.startsWith(`${dir}/`);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
