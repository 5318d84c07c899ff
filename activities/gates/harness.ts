/** Which paths of a repo are its test harness, as the base has it, and what of its manifests a change altered there. */
import { posix } from 'node:path';
import picomatch from 'picomatch';
import type { Contract } from '../../domain/contract.ts';
import {
  filesConfigured,
  filesNamed,
  HARNESS_FILES,
  HARNESS_OF_COMMANDS,
  harnessChanges,
  isManifest,
  manifestHarness,
  reachableScripts,
} from '../../domain/gates/harness.ts';
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
  const { base, head, contract } = input;
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
  const changes = [];
  for (const path of new Set(input.files.flatMap(touchedPaths).filter(isManifest))) {
    const before = manifestHarness(path, await read(base, path), commands);
    const after = manifestHarness(path, await read(head, path), commands);
    for (const what of harnessChanges(before, after)) changes.push({ path, what });
  }
  return { isHarness: (path) => byGlob(path) || named.has(path) || isConftest(path), changes };
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
