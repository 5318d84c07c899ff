/** What a contract's toolchain, network and services come to in the sandbox: binds, environment, PATH, hosts, servers. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, TestVariable } from '../../config/types.ts';
import { serviceAddress, type Contract } from '../../domain/contract.ts';
import type { SandboxBind, SandboxLimits, SandboxService } from './port.ts';
import { findService, SERVICE_ROOT } from './service-programs.ts';

export interface SandboxEnvironment {
  readonly binds: readonly SandboxBind[];
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  readonly hosts: readonly string[];
  readonly services: readonly SandboxService[];
  readonly secrets: Readonly<Record<string, string>>;
}

export interface Environment {
  /** Throws when the contract names a toolchain or a secret that the operator has not declared, or what is not on this machine. Makes the cache folders. */
  forContract(contract: Pick<Contract, 'toolchain' | 'network' | 'services' | 'secrets'>): SandboxEnvironment;
}

export interface DeclaredSecrets {
  readonly testEnv: Readonly<Record<string, TestVariable>>;
  /** Gates have all that the contract names, a session what the operator hands to sessions, a build none. */
  readonly audience: 'gates' | 'session' | 'build';
}

/** One command of an agent or a check that says nothing else. `memoryBytes` holds for each process, not for the tree. */
export const DEFAULT_LIMITS: SandboxLimits = {
  wallMs: 10 * 60_000,
  cpuSeconds: 20 * 60,
  memoryBytes: 4 * 1024 ** 3,
  fileBytes: 2 * 1024 ** 3,
  processes: 512,
};

/** Where the caches stand inside, wherever they lie outside: tools write these paths into what they make. */
const CACHES = '/caches';

/** Variable → folder under the caches. npm and pnpm spell theirs in two ways, by version. */
const CACHE_VARIABLES: Readonly<Record<string, string>> = {
  npm_config_cache: 'npm',
  npm_config_store_dir: 'pnpm',
  pnpm_config_store_dir: 'pnpm',
  YARN_CACHE_FOLDER: 'yarn',
  YARN_GLOBAL_FOLDER: 'yarn-berry',
  BUN_INSTALL_CACHE_DIR: 'bun',
  PIP_CACHE_DIR: 'pip',
  UV_CACHE_DIR: 'uv',
  GOMODCACHE: 'go-mod',
  GOCACHE: 'go-build',
  CARGO_HOME: 'cargo',
};

/**
 * Whoever can write a cache can put things into it. Give sessions and gates a `cachesDir` each, so that what an agent
 * leaves in its caches is not what judges its work.
 */
export function createEnvironment(deps: {
  readonly toolchains: Config['toolchains'];
  readonly cachesDir: string;
  /** What the operator declared for the repo's tests, and whose commands these are; absent: nothing is declared. */
  readonly secrets?: DeclaredSecrets;
  /** Where the system keeps the programs of services; `/usr` when absent. */
  readonly serviceRoot?: string;
}): Environment {
  return {
    forContract(contract) {
      const chosen = contract.toolchain.map((name) => toolchainOf(deps.toolchains, name));
      mkdirSync(deps.cachesDir, { recursive: true, mode: 0o700 });
      for (const folder of new Set(Object.values(CACHE_VARIABLES))) {
        mkdirSync(join(deps.cachesDir, folder), { recursive: true, mode: 0o700 });
      }
      const folders = [...new Set(chosen.flatMap((toolchain) => toolchain.bind))];
      return {
        binds: [
          ...folders.map((from): SandboxBind => ({ from, mode: 'ro' })),
          { from: deps.cachesDir, to: CACHES, mode: 'rw' },
        ],
        env: Object.assign(
          {},
          cacheVariables(),
          ...chosen.map((toolchain) => toolchain.env),
          ...contract.services.map((service) => ({ [service.env]: serviceAddress(service) })),
        ) as Record<string, string>,
        path: [...new Set(chosen.flatMap((toolchain) => toolchain.path))],
        hosts: [...new Set(contract.network)],
        secrets: secretsFor(contract.secrets, deps.secrets),
        services: contract.services.map((service) => findService(service, deps.serviceRoot ?? SERVICE_ROOT)),
      };
    },
  };
}

function cacheVariables(): Record<string, string> {
  return Object.fromEntries(Object.entries(CACHE_VARIABLES).map(([name, folder]) => [name, `${CACHES}/${folder}`]));
}

function toolchainOf(toolchains: Config['toolchains'], name: string): Config['toolchains'][string] {
  const toolchain = Object.hasOwn(toolchains, name) ? toolchains[name] : undefined;
  const gone = toolchain?.bind.filter((folder) => !existsSync(folder)) ?? [];
  if (gone.length > 0) {
    throw new Error(
      `the toolchain "${name}" binds ${gone.join(', ')}, which is not on this machine: ` +
        'install it there, or correct toolchains in lamplighter.yaml and start `lamplighter up` again',
    );
  }
  if (toolchain !== undefined) return toolchain;
  const known = Object.keys(toolchains).toSorted().join(', ') || 'none';
  throw new Error(
    `the contract asks for the toolchain "${name}", which the operator has not declared (declared: ${known}): ` +
      'add it under toolchains in lamplighter.yaml, or take it out of .lamplighter.yml',
  );
}

/** Only what the contract names, so that a test sees no more than it says; only what the operator declared for this very repo. */
function secretsFor(names: readonly string[], declared: DeclaredSecrets | undefined): Record<string, string> {
  const { testEnv, audience } = declared ?? { testEnv: {}, audience: 'build' };
  const given: Record<string, string> = {};
  for (const name of names) {
    const variable = Object.hasOwn(testEnv, name) ? testEnv[name] : undefined;
    if (variable === undefined) {
      throw new Error(
        `the contract asks for the secret "${name}", which the operator has not declared for this repo: ` +
          'add it under testEnv of the repo in lamplighter.yaml and start `lamplighter up` again, or take it out of .lamplighter.yml',
      );
    }
    if (audience === 'gates' || (audience === 'session' && variable.session)) given[name] = variable.value;
  }
  return given;
}
