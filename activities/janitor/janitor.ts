/**
 * Clears away what ended: rows that are no record, and work folders of runs that ended. A loop of the worker process, without Temporal: it
 * costs no execution there, and each host sees to its own disk. It asks git, which keeps a folder whose commits are neither on main nor
 * handed over (invariant 11), and a run that is frozen has not ended (invariant 12).
 */
import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Store, Swept } from '../../store/port.ts';
import { absent } from '../git/absent.ts';
import { goneFolder, runsFolder } from '../git/layout.ts';
import type { RepoGit } from '../git/port.ts';

/** After a run's end, a person may still want to look at its work folder. */
export const WORKTREE_DAYS = 7;
const DAY_MS = 24 * 60 * 60_000;
const EVERY_MS = 6 * 60 * 60_000;

export interface JanitorDeps {
  readonly store: { readonly janitor: Store['janitor']; readonly runs: Pick<Store['runs'], 'get'> };
  readonly dataDir: string;
  /** Throws where the repo is no longer enrolled. */
  readonly gitOf: (repoKey: string) => Pick<RepoGit, 'removeWorktree'>;
  readonly say: (line: string) => void;
  readonly now: () => number;
}

export interface Cleared extends Swept {
  /** Ids of the runs whose folders went. */
  readonly worktrees: readonly string[];
}

export async function clearAway(deps: JanitorDeps, signal?: AbortSignal): Promise<Cleared> {
  const swept = await deps.store.janitor.sweep(deps.now(), signal);
  const worktrees: string[] = [];
  for (const run of await foldersOfRuns(deps.dataDir)) {
    if (signal?.aborted === true) break;
    if (await removeEnded(deps, run)) worktrees.push(run);
  }
  return { ...swept, worktrees };
}

/** Also those that somebody who died had put aside and not removed. */
async function foldersOfRuns(dataDir: string): Promise<ReadonlySet<string>> {
  const names = await Promise.all([runsFolder(dataDir), goneFolder(dataDir)].map((dir) => readdir(dir).catch(absent)));
  return new Set(names.flatMap((some) => some ?? []));
}

async function removeEnded({ store, gitOf, say, now }: JanitorDeps, id: string): Promise<boolean> {
  const run = await store.runs.get(id);
  if (run === null || run.endedAt === null || run.endedAt > now() - WORKTREE_DAYS * DAY_MS) return false;
  try {
    await gitOf(run.repo).removeWorktree(id);
    return true;
  } catch (error) {
    say(`the work folder of run ${id} stays: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

/** Now and every few hours. What fails is said, and tried again at the next pass. Its stop waits for one folder at most. */
export function startJanitor(deps: JanitorDeps): { stop(): Promise<void> } {
  const stopped = new AbortController();
  let hasSaidStrange = false;
  const pass = async (): Promise<void> => {
    const { strange } = await clearAway(deps, stopped.signal);
    if (strange.length === 0 || hasSaidStrange) return;
    hasSaidStrange = true;
    deps.say(
      `facts of no family that this release knows stay in the store, such as ${strange.join(', ')}: another release wrote them. ` +
        'Nothing is wrong; they are never cleared away',
    );
  };
  const work = (async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await pass().catch((error: unknown) => deps.say(`what ended could not be cleared away: ${String(error)}`));
      await delay(EVERY_MS, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await work;
    },
  };
}
