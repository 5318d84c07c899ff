/**
 * One look at a sha through the stages that are declared for it: green, red, or past the deadline. While one is pending the attempt ends,
 * without history, and the next one comes at the stage's pace; what was seen until then is in the store.
 */
import { foldVerdict, nextStage, type DeployStage, type StageVerdict } from '../../domain/verdict.ts';
import type { Control, RunRow, Store } from '../../store/port.ts';
import type { CalledAway, RepoActivities } from '../../workflows/ports.ts';
import type { Minded } from '../run/minding.ts';
import { notYet } from '../pace/waiting.ts';
import { declaredStages } from './declared.ts';
import { pause } from './pause.ts';
import type { WatchContext } from './port.ts';
import type { Stages } from './stages.ts';
import { createStageRecord } from './stage-record.ts';

export interface WatchDeps {
  readonly store: Pick<Store, 'runs' | 'evidence' | 'control'>;
  readonly stages: Stages;
  readonly now: () => number;
}

/** Where main stands meanwhile, and what people ask for, are not looked at here. */
export type Watched = Exclude<
  Awaited<ReturnType<RepoActivities['watchDeploy']>>,
  { readonly kind: 'taken-back' } | CalledAway
>;
export type Watch = (run: RunRow, sha: string, beat: Minded) => Promise<Watched>;

/** However slow a stage's pace: what a person asks for meanwhile is read as often as this, should its poke be lost. */
const MOST_MS = 2_000;
/** Temporal tries an activity again after whole seconds: a quicker pace is kept within the attempt. */
const TICK_MS = 1_000;

export function createWatch(deps: WatchDeps): Watch {
  const record = createStageRecord(deps);

  async function overdue(context: WatchContext, stage: DeployStage, last: string, watchMs: number): Promise<Watched> {
    const reason = `pending past its deadline of ${Math.round(watchMs / 1000)} s; last seen: ${last}`;
    const kept = await record.keep(context, { stage, verdict: 'red', reason, body: { watchMs } });
    return { kind: 'red', stage: kept.stage, reason: kept.reason };
  }

  return async function watch(run, sha, beat) {
    const watched = await look(run, sha, beat);
    // What later runs on top of this sha know of it.
    await deps.store.control.setFact(watchedFact(run.repo, sha), { ...watched }, deps.now());
    return watched;
  };

  /** The transition's number: the same after a crash, another after a person has acted. A grant is applied beside the look. */
  async function lookOf(run: RunRow): Promise<string> {
    const last = (await deps.store.runs.transitions(run.id)).findLast((one) => one.cause !== 'grant');
    return String(last?.seq ?? run.seq);
  }

  async function look(run: RunRow, sha: string, beat: Minded): Promise<Watched> {
    const declared = await declaredStages(deps.stages, sha);
    if (!declared.ok) return { kind: 'unwatchable', reason: declared.reason };
    const context: WatchContext = { run: run.id, sha, look: await lookOf(run), ...beat };
    const deadline = (await record.firstLook(context)) + run.bounds.watchMs;
    const seen: StageVerdict[] = [];
    for (;;) {
      beat.signal.throwIfAborted();
      const stage = nextStage(declared.stages, seen);
      if (stage === null) return { kind: 'green', proven: declared.stages };
      // Observed before the deadline is judged: what was found while no worker was looking still counts.
      const observed = await deps.stages.observe(stage, context, deps.now() >= deadline);
      if (observed.kind === 'pending') {
        if (deps.now() >= deadline) return overdue(context, stage, observed.reason, run.bounds.watchMs);
        const waitMs = observed.againAt - deps.now();
        if (waitMs < TICK_MS) {
          await pause(waitMs, beat.signal);
          continue;
        }
        await deps.store.control.setFact(pendingFact(run.id), deps.now(), deps.now());
        throw notYet(observed.reason, Math.min(MOST_MS, waitMs));
      }
      seen.push(observed.found);
      if (foldVerdict(declared.stages, seen) === 'red') return { kind: 'red', stage, reason: observed.found.reason };
    }
  }
}

function pendingFact(run: string): `pending/${string}` {
  return `pending/${run}`;
}

/** Epoch milliseconds of when a look of the run last found a stage pending; null when none did. */
export async function lastPending(control: Pick<Control, 'fact'>, run: string): Promise<number | null> {
  return control.fact(pendingFact(run));
}

function watchedFact(repo: string, sha: string): `watched/${string}` {
  return `watched/2/${repo}/${sha}`;
}

/** What a sha came to when it was last watched, by whichever run; null when none did. */
export async function lastWatched(control: Pick<Control, 'fact'>, repo: string, sha: string): Promise<Watched | null> {
  // Written by the watch alone, under a key that carries the version of its shape.
  return ((await control.fact(watchedFact(repo, sha))) ?? null) as Watched | null;
}
