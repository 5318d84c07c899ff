/** The parts of one repo: its trusted git, gates, stages, and what they share. Built once per repo and process. */
import { join } from 'node:path';
import { openedRuns } from '../activities/checkout/opened.ts';
import type { AroundPort } from '../activities/effects/port-crash-points.ts';
import type { PerformEffect } from '../activities/effects/perform.ts';
import { exec } from '../activities/exec/exec.ts';
import { createGates, type Gates } from '../activities/gates/gates.ts';
import { repoLayout } from '../activities/git/layout.ts';
import type { RepoGit } from '../activities/git/port.ts';
import { checkoutBinds, createRepoGit } from '../activities/git/repo-git.ts';
import { createStages, type Stages } from '../activities/deploy/stages.ts';
import type { ContractAt, ContractRead } from '../activities/run/contract-at.ts';
import { createEnvironment, type DeclaredSecrets, type Environment } from '../activities/sandbox/environment.ts';
import type { Sandbox } from '../activities/sandbox/port.ts';
import { parseContract } from '../config/contract.ts';
import type { Config } from '../config/types.ts';
import type { Store } from '../store/port.ts';
import { watchersOf } from './watchers.ts';

export const CONTRACT_FILE = '.lamplighter.yml';

export interface RepoAdapters {
  readonly git: RepoGit;
  readonly gates: Gates;
  readonly stages: Stages;
  /** For sessions; gates and builds have caches of their own. */
  readonly environment: Environment;
  readonly contractAt: ContractAt;
}

export interface RepoAdaptersDeps {
  readonly config: Config;
  readonly store: Store;
  /** The name of this host. */
  readonly host: string;
  readonly sandbox: Sandbox;
  readonly perform: PerformEffect;
  readonly around: AroundPort;
  readonly now: () => number;
}

export function createRepoAdapters(deps: RepoAdaptersDeps): (repoKey: string) => RepoAdapters {
  const made = new Map<string, RepoAdapters>();
  return (repoKey) => {
    const parts = made.get(repoKey) ?? build(deps, repoKey);
    made.set(repoKey, parts);
    return parts;
  };
}

function build(deps: RepoAdaptersDeps, repoKey: string): RepoAdapters {
  const { config, store, host, sandbox, perform, around, now } = deps;
  const repo = config.repos.find((one) => one.key === repoKey);
  if (repo === undefined)
    throw new Error(`repo ${repoKey} is not in the configuration: enrol it again, or cancel its runs`);
  const layout = repoLayout(config.dataDir, repoKey);
  const opened = openedRuns({ control: store.control, host, now });
  const git = around('git', createRepoGit({ repo, dataDir: config.dataDir, now, egress: config.egress, opened }));
  const environmentFor = (audience: DeclaredSecrets['audience'], cachesDir: string): Environment =>
    createEnvironment({ toolchains: config.toolchains, cachesDir, secrets: { testEnv: repo.testEnv ?? {}, audience } });
  const binds = checkoutBinds({ dataDir: config.dataDir, key: repoKey, submodules: repo.submodules ?? [] });

  async function contractAt(sha: string): Promise<ContractRead> {
    const text = await git.readFile(sha, CONTRACT_FILE);
    if (text === null)
      return {
        ok: false,
        reason: `${CONTRACT_FILE} is not on main (${sha.slice(0, 10)}): write one, docs/contract.md has examples`,
      };
    const parsed = parseContract(text, `${CONTRACT_FILE}@${sha.slice(0, 10)}`);
    return parsed.ok ? parsed : { ok: false, reason: `the contract can't be read: ${parsed.errors.join('; ')}` };
  }

  return {
    git,
    contractAt,
    environment: environmentFor('session', layout.caches),
    gates: createGates({
      repo: repoKey,
      git,
      sandbox,
      store,
      environment: environmentFor('gates', layout.gateCaches),
      checkoutBinds: binds,
      now,
      workDir: join(layout.root, 'gates'),
    }),
    stages: createStages({
      store,
      contractAt,
      now,
      watchers: watchersOf({
        git,
        sandbox,
        store,
        perform,
        repoKey,
        environment: environmentFor('build', layout.gateCaches),
        checkoutBinds: binds,
        target: repo.deploy,
        runProgram: around('program', { run: exec }).run,
        dataDir: config.dataDir,
      }),
    }),
  };
}
