/**
 * The stages of a repo, composed of the watchers that it has: which a sha goes through, and what has become of one. What a watcher finds is
 * recorded here, once, and what it has seen so far is kept for its next look, which may be another worker's.
 */
import type { Contract } from '../../domain/contract.ts';
import { DEPLOY_STAGES, type DeployStage, type StageVerdict } from '../../domain/verdict.ts';
import type { ContractAt } from '../run/contract-at.ts';
import type { StageWatcher, WatchContext } from './port.ts';
import { createStageRecord, type StageRecordDeps } from './stage-record.ts';

/** `againAt` in epoch milliseconds. */
export type Observed =
  | { readonly kind: 'found'; readonly found: StageVerdict }
  | { readonly kind: 'pending'; readonly reason: string; readonly againAt: number };

export interface Stages {
  /** In the order of DEPLOY_STAGES, as the operator and the contract of that sha declare them; a contract that can't be read is the reason. */
  stagesOf(
    sha: string,
  ): Promise<
    { readonly ok: true; readonly stages: readonly DeployStage[] } | { readonly ok: false; readonly reason: string }
  >;
  /** The watcher is asked where it is due, or `must` be: its pace is its own. */
  observe(stage: DeployStage, context: WatchContext, must?: boolean): Promise<Observed>;
}

export interface StagesDeps extends StageRecordDeps {
  readonly watchers: readonly StageWatcher[];
  readonly contractAt: ContractAt;
}

export function createStages(deps: StagesDeps): Stages {
  const { watchers, contractAt, now } = deps;
  const record = createStageRecord(deps);

  function watcherOf(stage: DeployStage, contract: Contract): StageWatcher | undefined {
    return watchers.find((one) => one.stage === stage && one.isDeclared(contract));
  }

  async function look(stage: DeployStage, context: WatchContext, must: boolean): Promise<Observed> {
    const last = await record.pending(context, stage);
    if (last !== null && !must && now() < last.againAt)
      return { kind: 'pending', reason: last.reason, againAt: last.againAt };
    const read = await contractAt(context.sha);
    if (!read.ok) throw new Error(`the contract of ${context.sha} was readable before and is not now: ${read.reason}`);
    const watcher = watcherOf(stage, read.contract);
    if (watcher === undefined) throw new Error(`stage ${stage} was asked of ${context.sha}, which does not declare it`);
    const askedAt = now();
    const answer = await watcher.observe({ ...context, contract: read.contract, seen: last?.seen ?? null });
    if (answer.verdict !== 'pending') return { kind: 'found', found: await record.keep(context, { stage, ...answer }) };
    const { reason, againMs, seen = null } = answer;
    const againAt = askedAt + againMs;
    await record.keepPending(context, stage, { reason, againAt, seen });
    return { kind: 'pending', reason, againAt };
  }

  return {
    async stagesOf(sha) {
      const read = await contractAt(sha);
      if (!read.ok) return read;
      return { ok: true, stages: DEPLOY_STAGES.filter((stage) => watcherOf(stage, read.contract) !== undefined) };
    },

    async observe(stage, context, must = false) {
      const found = await record.recall(context, stage);
      return found === null ? look(stage, context, must) : { kind: 'found', found };
    },
  };
}
