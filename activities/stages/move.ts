/**
 * A run's move: the transition is recorded, what it owes the world is done, its phase comment brought up to date, and the work that is due
 * next admitted. One activity, because each costs a turn of the workflow; done again after a death it finds what was done.
 */
import { log } from '@temporalio/activity';
import { isLastPlace } from '../../domain/transitions/called-away.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { ControlActivities, Moved } from '../../workflows/ports.ts';
import { READ_APART_MS, READ_IN_A_MOVE_MS, type Admit } from '../dispatch/admission.ts';
import { inTime } from '../effects/in-time.ts';
import type { Report } from '../report/report.ts';
import { heartbeating } from '../pace/heartbeat.ts';
import { hasActs } from '../run/minding.ts';
import { storedRun } from '../run/stored-run.ts';
import { isNotYet, notYet } from '../pace/waiting.ts';

export interface MoveDeps {
  readonly store: Pick<Store, 'runs' | 'acts'>;
  readonly report: Report;
  readonly admit: Admit;
  /** To the lane: the run that holds it has ended. */
  readonly tellLane: (repoKey: string, runId: string) => Promise<void>;
  /** How long each effect may take: one that hangs is tried again, and told as what it is. */
  readonly effectMs: number;
  readonly now: () => number;
}

export const EFFECT_MS = 15_000;

export type MoveActivities = Pick<ControlActivities, 'recordTransition' | 'settleTransition' | 'admit'>;

export function createMoveActivities(deps: MoveDeps): MoveActivities {
  const { store, report } = deps;

  async function settle(runId: string, seq: number): Promise<Moved['admission']> {
    const run = await storedRun(store.runs, runId);
    // A later transition is recorded only after this one was settled: this attempt came too late.
    if (run.seq > seq) return null;
    // Side by side: one that cannot be done for now holds none of the others.
    const owed = run.effects.map((effect, index) =>
      ended(report.performRunEffect({ runId, seq, index }), `${effect.do} of run ${runId}`),
    );
    throwWorst(await Promise.allSettled(owed));
    if (!run.state.progress.trial) await ended(report.publishPhases({ runId }), `the phase comment of run ${runId}`);
    if (run.outcome === null) return admissionTo(run);
    await store.runs.settled(runId);
    await tellLane(run);
    return null;
  }

  function ended(work: Promise<void>, what: string): Promise<void> {
    return inTime(work, deps.effectMs, `${what} has not ended after ${deps.effectMs / 1000} s: it is tried again`);
  }

  /** Null where it can't be said now: it is asked for apart then, where failures that last end in words. */
  async function admissionTo(run: RunRow): Promise<Moved['admission']> {
    try {
      return await deps.admit(run, READ_IN_A_MOVE_MS);
    } catch (error) {
      log.info('what comes next could not be admitted with the move', { run: run.id, error: String(error) });
      return null;
    }
  }

  /** It reads the run's row as well; a lane that is gone has nothing to be told. */
  async function tellLane({ repo, id }: RunRow): Promise<void> {
    try {
      await deps.tellLane(repo, id);
    } catch (error) {
      log.info('the lane could not be told that the run ended', { run: id, error: String(error) });
    }
  }

  return {
    recordTransition: ({ runId, ...input }) =>
      heartbeating(async () => {
        const afterActs = input.act === undefined && isLastPlace(input.state);
        const recorded = await store.runs.transition(runId, { ...input, afterActs, at: deps.now() });
        return { ...recorded, admission: recorded.recorded ? await settle(runId, input.seq) : null };
      }),

    settleTransition: ({ runId, seq }) =>
      heartbeating(async () => {
        const admission = await settle(runId, seq);
        return { recorded: true, acts: await hasActs(store, runId), admission };
      }),

    async admit({ runId }) {
      const admission = await deps.admit(await storedRun(store.runs, runId), READ_APART_MS);
      if (admission.kind === 'held') throw notYet(admission.by);
      return admission;
    },
  };
}

/** Of several failures the one that says the most: a known wait is no trouble. */
function throwWorst(outcomes: readonly PromiseSettledResult<void>[]): void {
  const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (failures.length > 0) throw failures.find((error) => !isNotYet(error)) ?? failures[0];
}
