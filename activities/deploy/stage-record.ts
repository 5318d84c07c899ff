/**
 * What a stage came to, remembered once it is green or red: evidence first, then the fact. An observer that comes again
 * after a crash takes the fact and does nothing twice. The key holds the look, so that a person's "resolved" is judged
 * by what is true then, and not by the red that froze the run.
 */
import { DEPLOY_STAGES, type DeployStage, type StageVerdict } from '../../domain/verdict.ts';
import type { Store } from '../../store/port.ts';
import type { WatchContext } from './port.ts';
import { runSubject } from '../../domain/unit.ts';

export interface StageRecordDeps {
  readonly store: Pick<Store, 'evidence' | 'control'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export type StageUnit = Pick<WatchContext, 'run' | 'sha' | 'look'>;

export interface Finding {
  readonly stage: DeployStage;
  readonly verdict: 'green' | 'red';
  /** One sentence a person can act on. */
  readonly reason: string;
  /** Already redacted. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface PendingLook {
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly againAt: number;
  /** The watcher's own. */
  readonly seen: unknown;
}

export interface StageRecord {
  recall(unit: StageUnit, stage: DeployStage): Promise<StageVerdict | null>;
  /** The first verdict of a unit stands; answers with the one that stands. */
  keep(unit: StageUnit, finding: Finding): Promise<StageVerdict>;
  /** What the last look came to where the stage was not over; null before the first. */
  pending(unit: StageUnit, stage: DeployStage): Promise<PendingLook | null>;
  keepPending(unit: StageUnit, stage: DeployStage, look: PendingLook): Promise<void>;
  /** Epoch milliseconds of the first call for this unit, however often it is asked. */
  firstLook(unit: StageUnit): Promise<number>;
}

export function createStageRecord({ store, now }: StageRecordDeps): StageRecord {
  async function recall(unit: StageUnit, stage: DeployStage): Promise<StageVerdict | null> {
    const fact = await store.control.fact(`${keyOf(unit)}/${stage}`);
    if (fact === null || fact === undefined) return null;
    if (!isStageVerdict(fact))
      throw new Error(
        `the remembered verdict of ${stage} for ${keyOf(unit)} is not one of ours: ${JSON.stringify(fact)}`,
      );
    return fact;
  }

  return {
    recall,

    async keep(unit, { stage, verdict, reason, body }) {
      const earlier = await recall(unit, stage);
      if (earlier !== null) return earlier;
      const row = await store.evidence.put({
        key: `${stage}/${unit.run}/${unit.sha}/${unit.look}`,
        unit: runSubject(unit.run),
        kind: stage,
        sha: unit.sha,
        verdict,
        summary: reason,
        mediaType: 'application/json',
        body: JSON.stringify({ stage, verdict, reason, ...body }, null, 2),
        at: now(),
      });
      // A crash between the two lines left evidence without a fact: what the evidence says stands.
      const kept: StageVerdict = {
        stage,
        verdict: row.verdict ?? verdict,
        reason: row.summary,
        evidence: [row.id],
      };
      await store.control.setFact(`${keyOf(unit)}/${stage}`, { ...kept }, now());
      return kept;
    },

    async pending(unit, stage) {
      // Written below alone.
      return ((await store.control.fact(`${keyOf(unit)}/${stage}/pending`)) ?? null) as PendingLook | null;
    },

    async keepPending(unit, stage, look) {
      await store.control.setFact(`${keyOf(unit)}/${stage}/pending`, { ...look }, now());
    },

    async firstLook(unit) {
      const key = `${keyOf(unit)}/since` as const;
      const known = await store.control.fact(key);
      if (typeof known === 'number') return known;
      const at = now();
      await store.control.setFact(key, at, at);
      return at;
    },
  };
}

function keyOf({ run, sha, look }: StageUnit): `watch/${string}` {
  return `watch/${run}/${sha}/${look}`;
}

function isStageVerdict(value: unknown): value is StageVerdict {
  if (typeof value !== 'object' || value === null) return false;
  const { stage, verdict, reason, evidence } = value as Partial<Record<keyof StageVerdict, unknown>>;
  return (
    DEPLOY_STAGES.some((one) => one === stage) &&
    (verdict === 'green' || verdict === 'red') &&
    typeof reason === 'string' &&
    Array.isArray(evidence)
  );
}
