/**
 * The watch of a pushed sha, whose a red is, and the proof of the head after a person said "resolved": one heartbeating activity each, tried again
 * while a stage is pending.
 */
import type { RunRow, Store } from '../../store/port.ts';
import type { RepoActivities } from '../../workflows/ports.ts';
import type { RepoGit } from '../git/port.ts';
import { takenAway } from '../run/main-holds.ts';
import { minding } from '../run/minding.ts';
import { patiently } from '../pace/patience.ts';
import { judgeMain, type JudgeMainDeps } from './judge-main.ts';
import { createWatch, lastPending, type WatchDeps } from './watch.ts';
import { storedRun } from '../run/stored-run.ts';

export interface WatchActivitiesDeps extends WatchDeps, Omit<JudgeMainDeps, 'watch'> {
  readonly git: Pick<RepoGit, 'refresh' | 'remoteHead' | 'contains' | 'commits'>;
  readonly store: Pick<Store, 'runs' | 'acts' | 'evidence' | 'control' | 'escalations'>;
}

export type WatchActivities = Pick<RepoActivities, 'watchDeploy' | 'judgeMain' | 'proveHead'>;
type Gone = Extract<Awaited<ReturnType<WatchActivities['watchDeploy']>>, { kind: 'unwatchable' | 'taken-back' }>;

/** Something of ours is on main: the remote is waited for as long as for a push, and no longer without a person. */
const MAIN_PATIENCE_MS = 60 * 60_000;

export function createWatchActivities(deps: WatchActivitiesDeps): WatchActivities {
  const watch = createWatch(deps);

  async function mainOf(
    { id, repo }: RunRow,
    what: string,
    look: () => Promise<string> = () => deps.git.refresh(),
  ): ReturnType<typeof patiently<string>> {
    // Attempts that waited for a pending stage are none that waited for the remote.
    const since = await lastPending(deps.store.control, id);
    return patiently(deps, { run: id, repo, what, deadlineMs: MAIN_PATIENCE_MS, since }, look);
  }

  /** What a person took from main while it was watched is not shipped, however healthy it is. Null while it is there. */
  async function goneFromMain(run: RunRow, sha: string): Promise<Gone | null> {
    const what = 'the last look at main';
    const head = await mainOf(run, what, () => deps.git.remoteHead());
    if (head === sha) return null;
    const main = typeof head === 'string' ? await mainOf(run, what) : head;
    if (typeof main !== 'string') return { kind: 'unwatchable', reason: main.reason };
    const away = await takenAway(deps.git, { base: null, pushed: sha, onto: run.state.progress.onto }, main);
    return away?.kind === 'failed' ? { kind: 'unwatchable', reason: away.reason } : away;
  }

  return {
    watchDeploy: ({ runId, sha }) =>
      minding(deps, runId, async (beat) => {
        const run = await storedRun(deps.store.runs, runId);
        const seen = await watch(run, sha, beat);
        return seen.kind === 'green' ? ((await goneFromMain(run, sha)) ?? seen) : seen;
      }),

    judgeMain: ({ runId, sha, asked }) =>
      minding(deps, runId, async (beat) => {
        const run = await storedRun(deps.store.runs, runId);
        const main = await mainOf(run, 'looking at main');
        return typeof main === 'string' ? judgeMain({ ...deps, watch }, { run, sha, main, asked }, beat) : main;
      }),

    proveHead: ({ runId, sha, reverted }) =>
      minding(deps, runId, async (beat) => {
        const run = await storedRun(deps.store.runs, runId);
        const head = await mainOf(run, 'the proof of main');
        if (typeof head !== 'string') return { kind: 'not-proven', reason: head.reason };
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
            return { kind: 'proven', sha: head, proven: judged.proven };
          case 'red':
            return { kind: 'not-proven', reason: `${judged.stage} is red for ${head}: ${judged.reason}` };
          case 'unwatchable':
            return { kind: 'not-proven', reason: judged.reason };
        }
      }),
  };
}
