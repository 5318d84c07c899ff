/** Runs a check over a fresh tree: a checkout of one sha, with paths of another laid over it, removed afterwards. */
import type { SandboxEnvironment } from '../sandbox/environment.ts';
import { constants } from 'node:fs';
import { lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check, Contract } from '../../domain/contract.ts';
import { inFreshFolder } from '../exec/remove-tree.ts';
import type { RepoGit } from '../git/port.ts';
import type { SandboxBind } from '../sandbox/port.ts';
import { hasFailed, type CheckRun, type CheckRunInput } from './check-run.ts';

export interface TreeRunDeps {
  readonly git: Pick<RepoGit, 'checkOut' | 'overlay'>;
  readonly runCheck: (input: CheckRunInput) => Promise<CheckRun>;
  readonly environment: { forContract(contract: Contract): SandboxEnvironment | Promise<SandboxEnvironment> };
  /** What git in a checkout needs to see beside it, such as the objects that it borrows. */
  readonly checkoutBinds: readonly SandboxBind[];
  readonly workDir: string;
}

export interface TreeRunInput {
  readonly contract: Contract;
  readonly check: Check;
  readonly sha: string;
  readonly overlay?: { readonly sha: string; readonly paths: readonly string[] };
  /** Paths that are taken away after that. */
  readonly without?: readonly string[];
  /** Texts by path, written last. A path that leads through a link is left out. */
  readonly written?: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
}

export type TreeRun = (input: TreeRunInput) => Promise<CheckRun>;

export function createTreeRun(deps: TreeRunDeps): TreeRun {
  return async function runOverTree({ contract, check, sha, overlay, without, written, signal }) {
    signal.throwIfAborted();
    const { value: run, left } = await inFreshFolder(join(deps.workDir, 'gate-'), async (dir) => {
      const tree = join(dir, 'tree');
      const empty = await deps.git.checkOut(sha, tree);
      if (overlay !== undefined && overlay.paths.length > 0) await deps.git.overlay(overlay.sha, tree, overlay.paths);
      for (const path of without ?? []) await removeInside(tree, path);
      for (const [path, text] of written ?? []) await writeInside(tree, path, text);
      const given = await deps.environment.forContract(contract);
      const environment = { ...given, binds: [...given.binds, ...deps.checkoutBinds] };
      const ran = await deps.runCheck({
        check,
        environment,
        tree,
        reportDir: join(dir, 'report'),
        signal,
      });
      return empty.length > 0 && hasFailed(ran) ? { ...ran, hints: empty } : ran;
    });
    return left === null ? run : { ...run, log: `${run.log}\n${left}` };
  };
}

/** The tree may hold links, and through one this would write wherever it points. */
async function writeInside(tree: string, path: string, text: string): Promise<void> {
  const parts = path.split('/');
  let at = tree;
  for (const part of parts.slice(0, -1)) {
    at = join(at, part);
    const kind = await kindOf(at);
    if (kind === 'other') return;
    if (kind === 'absent') await mkdir(at);
  }
  const file = join(at, parts.at(-1) ?? '');
  if ((await kindOf(file)) === 'other' && !(await lstat(file)).isFile()) return;
  await writeFile(file, text, {
    flag: constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
  });
}

/** As above: not through a link. */
async function removeInside(tree: string, path: string): Promise<void> {
  let at = tree;
  for (const part of path.split('/').slice(0, -1)) {
    at = join(at, part);
    if ((await kindOf(at)) !== 'folder') return;
  }
  await rm(join(tree, path), { force: true });
}

async function kindOf(path: string): Promise<'folder' | 'absent' | 'other'> {
  try {
    return (await lstat(path)).isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'absent';
    throw error;
  }
}
