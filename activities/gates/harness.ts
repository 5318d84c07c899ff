/** Which paths of a repo are its test harness, as the base has it, and what of its manifests a change altered there. */
import { posix } from 'node:path';
import picomatch from 'picomatch';
import type { Contract } from '../../domain/contract.ts';
import {
  filesConfigured,
  filesReferred,
  HARNESS_FILES,
  HARNESS_OF_COMMANDS,
  harnessChanges,
  manifestHarness,
  reachableScripts,
} from '../../domain/gates/harness.ts';
import { inNewFolder, knownBeside, knownPackages, newPackageParts } from '../../domain/gates/new-package.ts';
import { filesNamed } from '../../domain/gates/files-named.ts';
import { isManifest } from '../../domain/gates/manifests.ts';
import { makeRecipes } from '../../domain/gates/makefile.ts';
import type { ChangedFile, RepoGit } from '../git/port.ts';
import { anyTestRule, touchedPaths, type PathRule } from './paths.ts';

const MAKEFILES = ['GNUmakefile', 'makefile', 'Makefile'];

type HarnessGit = Pick<RepoGit, 'files' | 'readFile'>;

export interface HarnessInput {
  readonly base: string;
  readonly head: string;
  readonly contract: Contract;
  readonly files: readonly ChangedFile[];
}

export interface Harness {
  readonly isHarness: PathRule;
  readonly changes: readonly { readonly path: string; readonly what: string }[];
}

export async function readHarness(git: HarnessGit, input: HarnessInput): Promise<Harness> {
  const { base, contract } = input;
  const files = new Set(await git.files(base));
  const read = async (sha: string, path: string): Promise<string> => (await git.readFile(sha, path)) ?? '';
  const lines: { readonly dir: string; readonly command: string }[] = [];
  for (const check of contract.checks) {
    const own = `${check.setup ?? ''}\n${check.test}`;
    lines.push({ dir: check.dir, command: own });
    for (const dir of new Set([check.dir, '.'])) {
      const scripts = scriptsOf(await read(base, posix.join(dir, 'package.json')));
      for (const name of reachableScripts(scripts, own)) lines.push({ dir, command: String(scripts[name]) });
      for (const name of MAKEFILES)
        lines.push({ dir, command: makeRecipes(await read(base, posix.join(dir, name)), own) });
    }
  }
  const commands = lines.map((line) => line.command).join('\n');
  const globs = [
    ...HARNESS_FILES,
    ...HARNESS_OF_COMMANDS.filter(({ word }) => word.test(commands)).flatMap((one) => one.globs),
  ];
  const byGlob = picomatch(globs, { dot: true, nocase: true });
  const named = new Set(lines.flatMap(({ dir, command }) => filesNamed(command, dir, files)));
  // A script that calls scripts: one name for both in the findings.
  for (const path of named) {
    if (/\.(?:sh|bash|mk)$|(?:^|\/)[^.]+$/.test(path))
      for (const script of filesNamed(await read(base, path), posix.dirname(path), files))
        if (/\.(?:sh|bash|mk)$/.test(script)) named.add(script);
  }
  for (const path of [...files].filter(
    (one) => byGlob(one) || /(?:^|\/)(?:package\.json|pyproject\.toml|setup\.cfg)$/.test(one),
  )) {
    for (const setup of filesConfigured(await read(base, path), posix.dirname(path), files)) {
      // A manifest's words are looser than a runner's own file: only what cannot be production code counts.
      if (!isManifest(path) || anyTestRule(contract)(setup)) named.add(setup);
    }
  }
  const isTest = anyTestRule(contract);
  const isConftest = (path: string): boolean => /(?:^|\/)conftest\.py$/i.test(path) && !isTest(path);
  const tree: Trees = { files, read, commands };
  const alike = await anothersConfigurations(tree, input, byGlob);
  return {
    isHarness: (path) => (byGlob(path) && !alike.has(path)) || named.has(path) || isConftest(path),
    changes: await manifestChanges(tree, input),
  };
}

interface Trees {
  /** Of the base. */
  readonly files: ReadonlySet<string>;
  /** Empty where there is no such file. */
  readonly read: (sha: string, path: string) => Promise<string>;
  readonly commands: string;
}

async function manifestChanges(
  { files, read, commands }: Trees,
  { base, head, files: changed }: HarnessInput,
): Promise<Harness['changes']> {
  const touched = [...new Set(changed.flatMap(touchedPaths).filter(isManifest))];
  const readAll = (paths: readonly string[]) =>
    Promise.all(paths.map(async (path) => ({ path, text: await read(base, path) })));
  const declared = touched.some((path) => isPackage(path)) ? [...files].filter((path) => declaresNames(path)) : [];
  const known = knownPackages(await readAll(declared));
  const changes = [];
  for (const path of touched) {
    const after = await read(head, path);
    if (!files.has(path) && inNewFolder(path, files)) {
      const others = await readAll([...files].filter((one) => posix.basename(one) === posix.basename(path)));
      // An installer runs its hooks, whatever the commands say.
      const around = { commands: `${commands}\nnpm install`, known };
      const manifests = others.map((one) => manifestHarness(one.path, one.text, around));
      const parts = newPackageParts(manifestHarness(path, after, around), { manifests, commands });
      for (const what of parts) changes.push({ path, what: `${what} as no package of main does` });
    } else {
      const text = await read(base, path);
      const around = { commands, known: knownBeside(known, text) };
      const before = manifestHarness(path, text, around);
      for (const what of harnessChanges(before, manifestHarness(path, after, around))) changes.push({ path, what });
    }
  }
  return changes;
}

/** Runner configurations of new packages that are another package's, word for word, and lead to no file that the change brings. */
async function anothersConfigurations(
  { files, read }: Trees,
  { base, head, files: changed }: HarnessInput,
  byGlob: PathRule,
): Promise<ReadonlySet<string>> {
  const brought = new Set(changed.map((file) => file.path));
  const alike = new Set<string>();
  for (const path of brought) {
    if (!byGlob(path) || files.has(path) || !inNewFolder(path, files)) continue;
    const text = await read(head, path);
    const others = [...files].filter((one) => posix.basename(one) === posix.basename(path));
    const texts = await Promise.all(others.map((one) => read(base, one)));
    if (texts.includes(text) && filesReferred(text, posix.dirname(path), brought).length === 0) alike.add(path);
  }
  return alike;
}

function isPackage(path: string): boolean {
  return posix.basename(path) === 'package.json';
}

function declaresNames(path: string): boolean {
  return (
    isPackage(path) ||
    /^(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock)$/.test(posix.basename(path))
  );
}

function scriptsOf(manifest: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(manifest);
    const scripts = typeof value === 'object' && value !== null && 'scripts' in value ? value.scripts : null;
    return typeof scripts === 'object' && scripts !== null ? { ...scripts } : {};
  } catch {
    // Absent or no JSON: then it has no scripts that a runner could call.
    return {};
  }
}
