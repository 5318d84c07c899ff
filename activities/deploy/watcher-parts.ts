/** What the watchers of a repo are made of: what the operator declares for it, and the parts that they share. */
import { join } from 'node:path';
import type { DeployTarget } from '../../config/types.ts';
import type { Contract } from '../../domain/contract.ts';
import type { Store } from '../../store/port.ts';
import type { PerformEffect } from '../effects/perform.ts';
import { createRedaction, createScrub, secretsIn } from '../evidence/redact.ts';
import type { RepoGit } from '../git/port.ts';
import type { Sandbox, SandboxBind, SandboxService } from '../sandbox/port.ts';
import type { Redact } from './output.ts';
import type { RunProgram } from './port.ts';
import { createSourceTree, type SourceTree } from './source-tree.ts';

/** What the contract's toolchain, network and services come to in the sandbox. */
export interface BuildEnvironment {
  readonly binds: readonly SandboxBind[];
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  readonly hosts: readonly string[];
  readonly services: readonly SandboxService[];
}

export interface GivenParts {
  readonly repoKey: string;
  readonly target: DeployTarget;
  readonly dataDir: string;
  readonly store: Pick<Store, 'acts' | 'control' | 'effects'>;
  readonly git: Pick<RepoGit, 'checkOut'>;
  readonly sandbox: Sandbox;
  readonly environment: { forContract(contract: Contract): BuildEnvironment | Promise<BuildEnvironment> };
  /** What git in a checkout needs to see beside it, such as the objects that it borrows. */
  readonly checkoutBinds: readonly SandboxBind[];
  readonly perform: PerformEffect;
  readonly runProgram: RunProgram;
}

export interface WatcherParts extends GivenParts {
  readonly source: SourceTree;
  /** Of the deploy's environment, and of what looks like a secret. */
  readonly redact: Redact;
}

export function watcherParts(given: GivenParts): WatcherParts {
  return {
    ...given,
    source: createSourceTree({ git: given.git, dir: join(given.dataDir, 'deploy', given.repoKey) }),
    redact: createScrub(createRedaction(secretsIn(given.target.env))),
  };
}
