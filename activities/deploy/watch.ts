/** One look at a sha through the stages that are declared for it, until they are green, one is red, or the deadline has passed. */
import { foldVerdict, nextStage, type StageVerdict } from '../../domain/verdict.ts';
import type { Control, RunRow, Store } from '../../store/port.ts';
import type { CalledAway, RepoActivities } from '../../workflows/ports.ts';
import type { Minded } from '../run/minding.ts';
import { declaredStages } from './declared.ts';
import { pause } from './pause.ts';
import type { WatchContext, Watcher } from './port.ts';
import { createStageRecord } from './stage-record.ts';

export interface WatchDeps {
  readonly store: Pick<Store, 'runs' | 'evidence' | 'control'>;
  readonly watcher: Watcher;
  /** Milliseconds between two looks at a pending stage, beside what the stage itself waits; default 200. */
  readonly pollMs?: number;
  readonly now: () => number;
}

/** Where main stands meanwhile, and what people ask for, are not looked at here. */
export type Watched = Exclude<
  Awaited<ReturnType<RepoActivities['watchDeploy']>>,
  { readonly kind: 'taken-back' } | CalledAway
>;
export type Watch = (run: RunRow, sha: string, beat: Minded) => Promise<Watched>;

/** The health probe, the only stage that stays pending today, keeps its own pace (`everySeconds`): more would stretch that. */
const POLL_MS = 200;

export function createWatch(deps: WatchDeps): Watch {
  const record = createStageRecord(deps);

  async function overdue(context: WatchContext, last: StageVerdict, watchMs: number): Promise<Watched> {
    const reason = `pending past its deadline of ${Math.round(watchMs / 1000)} s; last seen: ${last.reason}`;
    const kept = await record.keep(context, { stage: last.stage, verdict: 'red', reason, body: { watchMs } });
    return { kind: 'red', stage: kept.stage, reason: kept.reason };
  }

  return async function watch(run, sha, beat) {
    const watched = await look(run, sha, beat);
    // What later runs on top of this sha know of it.
    await deps.store.control.setFact(watchedFact(run.repo, sha), watched, deps.now());
    return watched;
  };

  /** The transition's number: the same after a crash, another after a person has acted. A grant is applied beside the look. */
  async function lookOf(run: RunRow): Promise<string> {
    const last = (await deps.store.runs.transitions(run.id)).findLast((one) => one.cause !== 'grant');
    return String(last?.seq ?? run.seq);
  }

  async function look(run: RunRow, sha: string, beat: Minded): Promise<Watched> {
    const declared = await declaredStages(deps.watcher, sha);
    if (!declared.ok) return { kind: 'unwatchable', reason: declared.reason };
    const context: WatchContext = { run: run.id, sha, look: await lookOf(run), ...beat };
    const deadline = (await record.firstLook(context)) + run.bounds.watchMs;
    const seen = new Map<string, StageVerdict>();
    for (;;) {
      beat.signal.throwIfAborted();
      const stage = nextStage(declared.stages, [...seen.values()]);
      if (stage === null) return { kind: 'green', proven: declared.stages };
      // Observed before the deadline is judged: what was found while no worker was looking still counts.
      const verdict = await deps.watcher.observe(stage, context);
      seen.set(stage, verdict);
      if (foldVerdict(declared.stages, [...seen.values()]) === 'red')
        return { kind: 'red', stage, reason: verdict.reason };
      if (verdict.verdict === 'green') continue;
      if (deps.now() >= deadline) return overdue(context, verdict, run.bounds.watchMs);
      await pause(deps.pollMs ?? POLL_MS, beat.signal);
    }
  }
}

function watchedFact(repo: string, sha: string): string {
  return `watched/2/${repo}/${sha}`;
}

/** What a sha came to when it was last watched, by whichever run; null when none did. */
export async function lastWatched(control: Pick<Control, 'fact'>, repo: string, sha: string): Promise<Watched | null> {
  // Written by the watch alone, under a key that carries the version of its shape.
  return ((await control.fact(watchedFact(repo, sha))) ?? null) as Watched | null;
}
