/** The watch of a pushed sha, whose a red is, and the proof of the head after a person said "resolved": one long, heartbeating activity each. */
import type { RunRow, Store } from '../../store/port.ts';
import type { RepoActivities } from '../../workflows/ports.ts';
import type { RepoGit } from '../git/port.ts';
import { heartbeating } from '../run/heartbeat.ts';
import { patiently } from '../run/patience.ts';
import { judgeMain, type JudgeMainDeps } from './judge-main.ts';
import { createWatch, type WatchDeps } from './watch.ts';
import { storedRun } from '../run/stored-run.ts';

export interface WatchActivitiesDeps extends WatchDeps, Omit<JudgeMainDeps, 'watch'> {
  readonly git: Pick<RepoGit, 'refresh' | 'contains'>;
  readonly store: Pick<Store, 'runs' | 'evidence' | 'control' | 'escalations'>;
}

export type WatchActivities = Pick<RepoActivities, 'watchDeploy' | 'judgeMain' | 'proveHead'>;

/** Something of ours is on main: the remote is waited for as long as for a push, and no longer without a person. */
const MAIN_PATIENCE_MS = 60 * 60_000;

export function createWatchActivities(deps: WatchActivitiesDeps): WatchActivities {
  const watch = createWatch(deps);

  function mainOf({ id, repo }: RunRow, what: string): ReturnType<typeof patiently<string>> {
    const patience = { run: id, repo, what, deadlineMs: MAIN_PATIENCE_MS };
    return patiently(deps, patience, () => deps.git.refresh());
  }

  return {
    watchDeploy: ({ runId, sha }) =>
      heartbeating(async (beat) => watch(await storedRun(deps.store.runs, runId), sha, beat)),

    judgeMain: ({ runId, sha, asked }) =>
      heartbeating(async (beat) => {
        const run = await storedRun(deps.store.runs, runId);
        const main = await mainOf(run, 'looking at main');
        return typeof main === 'string' ? judgeMain({ ...deps, watch }, { run, sha, main, asked }, beat) : main;
      }),

    proveHead: ({ runId, sha, reverted }) =>
      heartbeating(async (beat) => {
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
