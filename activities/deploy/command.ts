/**
 * The `command` watcher: build by the contract, deploy and health by the operator. Stages are those declared, and a stage
 * that was judged once for a look is not run again.
 */
import { join } from 'node:path';
import { isUrgent } from '../../domain/act.ts';
import type { DeployTarget } from '../../domain/contract.ts';
import type { DeployStage, StageVerdict } from '../../domain/verdict.ts';
import type { Store } from '../../store/port.ts';
import type { PerformEffect } from '../effects/perform.ts';
import { createRedaction, createScrub, secretsIn } from '../evidence/redact.ts';
import type { RepoGit } from '../git/port.ts';
import type { ContractAt } from '../run/contract-at.ts';
import type { Sandbox, SandboxBind, SandboxLimits } from '../sandbox/port.ts';
import { isKilled } from '../dispatch/kill-switch.ts';
import { createBuildStage, type BuildStageDeps } from './build-stage.ts';
import { createDeployStage } from './deploy-stage.ts';
import { createHealthStage } from './health-stage.ts';
import type { RunProgram, WatchContext, Watcher } from './port.ts';
import { createSourceTree } from './source-tree.ts';
import { createStageRecord } from './stage-record.ts';

export interface CommandWatcherDeps {
  readonly git: Pick<RepoGit, 'checkOut'>;
  readonly sandbox: Sandbox;
  readonly environment: BuildStageDeps['environment'];
  /** What git in a checkout needs to see beside it, such as the objects that it borrows; default: nothing. */
  readonly checkoutBinds?: readonly SandboxBind[];
  readonly buildLimits?: SandboxLimits;
  readonly store: Pick<Store, 'acts' | 'evidence' | 'control' | 'effects'>;
  readonly contractAt: ContractAt;
  readonly target: DeployTarget;
  readonly perform: PerformEffect;
  readonly runProgram: RunProgram;
  readonly dataDir: string;
  readonly repoKey: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const BUILD_LIMITS: SandboxLimits = {
  wallMs: 30 * 60_000,
  cpuSeconds: 60 * 60,
  memoryBytes: 4 * 1024 ** 3,
  fileBytes: 4 * 1024 ** 3,
  processes: 512,
};

export function createCommandWatcher(deps: CommandWatcherDeps): Watcher {
  const { target, now } = deps;
  const record = createStageRecord(deps);
  const source = createSourceTree({ git: deps.git, dir: join(deps.dataDir, 'deploy', deps.repoKey) });
  const shared = { record, source, redact: createScrub(createRedaction(secretsIn(target.env))) };
  const observeBuild = createBuildStage({
    ...shared,
    sandbox: deps.sandbox,
    environment: deps.environment,
    checkoutBinds: deps.checkoutBinds ?? [],
    limits: deps.buildLimits ?? BUILD_LIMITS,
  });
  const observeDeploy =
    target.command === null
      ? null
      : createDeployStage({
          ...shared,
          command: target.command,
          target,
          runProgram: deps.runProgram,
          perform: deps.perform,
          effects: deps.store.effects,
          isPausing,
          isKilled: () => isKilled(deps.store.control, deps.dataDir),
          repoKey: deps.repoKey,
        });
  const observeHealth = target.health === null ? null : createHealthStage({ ...shared, probe: target.health, now });

  async function isPausing(run: string): Promise<boolean> {
    const acts = await deps.store.acts.unread(run);
    return acts.some(({ data }) => data.kind === 'pause') && !acts.some(({ data }) => isUrgent(data));
  }

  async function look(stage: DeployStage, context: WatchContext): Promise<StageVerdict> {
    if (stage === 'build') {
      const read = await deps.contractAt(context.sha);
      if (!read.ok)
        throw new Error(`the contract of ${context.sha} was readable before and is not now: ${read.reason}`);
      return observeBuild(read.contract, context);
    }
    if (stage === 'deploy' && observeDeploy !== null) return observeDeploy(context);
    if (stage === 'health' && observeHealth !== null) return observeHealth(context);
    throw new Error(`stage ${stage} was asked of ${deps.repoKey}, which does not declare it`);
  }

  return {
    async stagesOf(sha) {
      const read = await deps.contractAt(sha);
      if (!read.ok) return read;
      const stages: DeployStage[] = [];
      if (read.contract.build.length > 0) stages.push('build');
      if (observeDeploy !== null) stages.push('deploy');
      if (observeHealth !== null) stages.push('health');
      return { ok: true, stages };
    },

    async observe(stage, context) {
      return (await record.recall(context, stage)) ?? (await look(stage, context));
    },
  };
}
