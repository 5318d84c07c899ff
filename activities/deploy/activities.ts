/** The watch of a pushed sha, and the proof of the head after a person said "resolved": one long, heartbeating activity each. */
import { foldVerdict, nextStage, type StageVerdict } from '../../domain/verdict.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { RepoActivities } from '../../workflows/ports.ts';
import type { RepoGit } from '../git/port.ts';
import { heartbeating, type Beat } from '../run/heartbeat.ts';
import { pause } from './pause.ts';
import type { WatchContext, Watcher } from './port.ts';
import { createStageRecord } from './stage-record.ts';

export interface WatchDeps {
  readonly store: Pick<Store, 'runs' | 'evidence' | 'control'>;
  readonly git: Pick<RepoGit, 'refresh' | 'contains'>;
  readonly watcher: Watcher;
  /** Milliseconds between two looks at a pending stage; default 1000. */
  readonly pollMs?: number;
  readonly now: () => number;
}

export type WatchActivities = Pick<RepoActivities, 'watchDeploy' | 'proveHead'>;

type Watched = Awaited<ReturnType<WatchActivities['watchDeploy']>>;

const POLL_MS = 1_000;
const UNDECLARED =
  'nothing says how this repo is deployed, so nothing can be watched: declare `build` in its .lamplighter.yml, or `deploy.command` or `deploy.health` in lamplighter.yaml';

export function createWatchActivities(deps: WatchDeps): WatchActivities {
  const record = createStageRecord(deps);

  async function watch(run: RunRow, sha: string, beat: Beat): Promise<Watched> {
    const declared = await deps.watcher.stagesOf(sha);
    if (!declared.ok) return { kind: 'unwatchable', reason: declared.reason };
    if (declared.stages.length === 0) return { kind: 'unwatchable', reason: UNDECLARED };
    // The transition's number: the same after a crash, another after a person has acted.
    const context: WatchContext = { run: run.id, sha, look: String(run.seq), ...beat };
    const deadline = (await record.firstLook(context)) + run.bounds.watchMs;
    const seen = new Map<string, StageVerdict>();
    for (;;) {
      beat.signal.throwIfAborted();
      const stage = nextStage(declared.stages, [...seen.values()]);
      if (stage === null) return { kind: 'green' };
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

  async function overdue(context: WatchContext, last: StageVerdict, watchMs: number): Promise<Watched> {
    const reason = `pending past its deadline of ${Math.round(watchMs / 1000)} s; last seen: ${last.reason}`;
    const kept = await record.keep(context, { stage: last.stage, verdict: 'red', reason, body: { watchMs } });
    return { kind: 'red', stage: kept.stage, reason: kept.reason };
  }

  async function runOf(runId: string): Promise<RunRow> {
    const run = await deps.store.runs.get(runId);
    if (run === null) throw new Error(`run ${runId} is not in the store: its row was removed while it was open`);
    return run;
  }

  return {
    watchDeploy: ({ runId, sha }) => heartbeating(async (beat) => watch(await runOf(runId), sha, beat)),

    proveHead: ({ runId, sha, reverted }) =>
      heartbeating(async (beat) => {
        const run = await runOf(runId);
        const head = await deps.git.refresh();
        if (reverted && head === sha)
          return { kind: 'not-proven', reason: `main is still at ${sha}: nothing was reverted` };
        if (!reverted && !(await deps.git.contains(sha, head))) {
          return {
            kind: 'not-proven',
            reason: `the head of main, ${head}, does not contain ${sha}: push it, or say that it was reverted`,
          };
        }
        const judged = await watch(run, head, beat);
        switch (judged.kind) {
          case 'green':
            return { kind: 'proven', sha: head };
          case 'red':
            return { kind: 'not-proven', reason: `${judged.stage} is red for ${head}: ${judged.reason}` };
          case 'unwatchable':
            return { kind: 'not-proven', reason: judged.reason };
        }
      }),
  };
}
