/**
 * What a check's setup made (node_modules, .venv), kept by the digest of all that decides it. Written from runs of trusted
 * main only, and restored by copy: through a hard link a change under judgement could write into it.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Check, Contract } from '../../domain/contract.ts';

const run = promisify(execFile);

export interface SetupCache {
  /** Digest of manifests and lockfiles as they lie in the tree before setup, the command, and the toolchain's names. */
  keyOf(tree: string, check: Check, contract: Contract): Promise<string>;
  /** Copies what is kept into the check's folder; false when nothing is. */
  restore(key: string, checkDir: string): Promise<boolean>;
  /** Keeps the entries of the check's folder that were not there `before` setup. Nothing made, nothing kept: then setup works elsewhere and must run each time. */
  keep(key: string, checkDir: string, before: readonly string[]): Promise<void>;
}

const MANIFESTS =
  /^(?:package\.json|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|pnpm-workspace\.yaml|yarn\.lock|bun\.lockb?|\.npmrc|\.yarnrc\.yml|requirements[^/]*\.(?:txt|in)|constraints[^/]*\.txt|pyproject\.toml|poetry\.lock|uv\.lock|Pipfile(?:\.lock)?|setup\.(?:py|cfg)|\.python-version|\.nvmrc|\.tool-versions|go\.(?:mod|sum|work)|Cargo\.(?:toml|lock)|Gemfile(?:\.lock)?|composer\.(?:json|lock)|pom\.xml|build\.gradle(?:\.kts)?)$/;

export function createSetupCache(deps: {
  readonly dir: string;
  /** Where the tree stands inside the sandbox: a virtual environment holds absolute paths, so what was made for one place serves only there. */
  readonly place: string;
}): SetupCache {
  const entryOf = (key: string): string => join(deps.dir, key);

  return {
    async keyOf(tree, check, contract) {
      const digest = createHash('sha256');
      digest.update(JSON.stringify([1, deps.place, check.dir, check.setup, [...contract.toolchain].toSorted()]));
      for (const path of await manifestsIn(tree)) {
        digest.update(`\0${relative(tree, path)}\0`).update(await readFile(path));
      }
      return digest.digest('hex');
    },

    async restore(key, checkDir) {
      const entry = entryOf(key);
      if (!(await exists(join(entry, 'complete')))) return false;
      await copy(join(entry, 'made'), checkDir);
      return true;
    },

    async keep(key, checkDir, before) {
      const made = (await readdir(checkDir)).filter((name) => !before.includes(name));
      if (made.length === 0 || (await exists(join(entryOf(key), 'complete')))) return;
      await mkdir(deps.dir, { recursive: true });
      const fresh = await mkdtemp(join(deps.dir, 'new-'));
      await mkdir(join(fresh, 'made'));
      for (const name of made)
        await run('cp', ['-a', '--reflink=auto', '--', join(checkDir, name), join(fresh, 'made')]);
      await writeFile(join(fresh, 'complete'), '');
      await place(fresh, entryOf(key));
    },
  };
}

/** Whole or not at all; somebody else's equal entry may have come first. */
async function place(fresh: string, entry: string): Promise<void> {
  try {
    await rename(fresh, entry);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    await rm(fresh, { recursive: true, force: true });
  }
}

async function copy(from: string, into: string): Promise<void> {
  await run('cp', ['-a', '--reflink=auto', '--', `${from}/.`, into]);
}

/** Whether a file is one by which packages are declared or pinned. */
export function declaresPackages(path: string): boolean {
  return MANIFESTS.test(path.slice(path.lastIndexOf('/') + 1));
}

async function manifestsIn(tree: string): Promise<string[]> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && MANIFESTS.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !relative(tree, path).startsWith('.git/'))
    .toSorted();
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
