/** One look of the watchdog: rows of the store, the disk, and Temporal as far as it answers. It changes nothing. */
import { statfs } from 'node:fs/promises';
import type { Config } from '../../config/types.ts';
import { isUrgent } from '../../domain/act.ts';
import { eventIn } from '../../domain/transitions/called-away.ts';
import { capsOfAll, isReached } from '../../domain/caps.ts';
import {
  mainRedSince,
  newEvidenceAt,
  type Observation,
  type TemporalLook,
  type WatchedLane,
  type WatchedRun,
  type WatchedWorker,
} from '../../domain/watchdog/observation.ts';
import type { RunRow, Store } from '../../store/port.ts';
import { checksFact } from '../run/checks-fact.ts';
import { isKilled } from '../pace/kill-switch.ts';
import { POLLER_FACT } from '../dispatch/poll.ts';
import { WORKER_FACTS } from './show-worker.ts';
import { runSubject } from '../../domain/unit.ts';

/** What Temporal says of open runs and their lanes. Its not answering is an answer. */
export type LookAtTemporal = (
  runs: readonly { readonly id: string; readonly repo: string; readonly openings: number }[],
) => Promise<TemporalLook>;

export interface ObserveDeps {
  readonly store: Store;
  readonly config: Pick<Config, 'dataDir' | 'repos' | 'caps' | 'pollSeconds'>;
  readonly temporal: LookAtTemporal;
  readonly now: () => number;
}

/** Events that show work. A call for a person, an act and a repeated attempt do not; evidence does once for each kind and sha. */
const PROGRESS = ['run.created', 'run.stage', 'session.input', 'turn.committed', 'tool.result'];

export async function observe(deps: ObserveDeps): Promise<Observation> {
  const { store, config, now } = deps;
  const open = await store.runs.list({ open: true });
  const line = new Map((await store.capacity.waiting()).map(({ unit, since }) => [unit, since]));
  const [poller] = await store.control.facts(POLLER_FACT);
  const caps = capsOfAll(
    config.caps,
    config.repos.map((repo) => repo.key),
    now(),
  );
  const { by } = await store.control.killSwitch();
  const disk = await statfs(config.dataDir);
  return {
    runs: await inTurn(open, (run) => watchRun(deps, run, line.get(runSubject(run.id)) ?? null)),
    lanes: await inTurn(config.repos, (repo) => watchLane(store, repo)),
    workers: (await store.control.facts(WORKER_FACTS)).map(({ key, value, at }): WatchedWorker => ({
      name: key.slice(WORKER_FACTS.length),
      at,
      stopped: value?.stopped ?? true,
    })),
    checkouts: await store.checkouts.list(),
    poller: { at: poller?.at ?? 0, everyMs: config.pollSeconds * 1000 },
    temporal: await deps.temporal(open.map(({ id, repo, state }) => ({ id, repo, openings: state.progress.openings }))),
    killSwitch: { on: await isKilled(store.control, config.dataDir), by, holds: poller?.value?.held ?? 0 },
    caps: (await store.ledger.standing(caps)).filter(isReached),
    disk: { freeBytes: disk.bavail * disk.bsize, place: config.dataDir },
  };
}

/** One after the other: a look is never in a hurry, and the store has other callers. */
async function inTurn<T, R>(things: readonly T[], ask: (thing: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (const thing of things) answers.push(await ask(thing));
  return answers;
}

async function watchRun({ store, config }: ObserveDeps, run: RunRow, slotSince: number | null): Promise<WatchedRun> {
  const { id, repo, repoName, issue, state, bounds } = run;
  const checks = await store.control.fact(checksFact(id));
  const unread = await store.acts.unread(id);
  const deploy = config.repos.find((one) => one.key === repo)?.deploy;
  return {
    id,
    repo,
    repoName,
    issue,
    state,
    bounds,
    stageAt: run.updatedAt,
    progressAt: Math.max(
      (await store.events.newestAt(runSubject(id), PROGRESS)) ?? run.updatedAt,
      newEvidenceAt(await store.evidence.list(runSubject(id))) ?? 0,
    ),
    mainRedSince: mainRedSince(await store.runs.transitions(id)),
    slotSince,
    unread: unread.map((act) => ({
      id: act.id,
      kind: act.data.kind,
      forSession: eventIn(state, act) === null,
      urgent: isUrgent(act.data),
      at: act.at,
    })),
    checksMs: checks,
    deployMs: (deploy?.timeoutSeconds ?? 0) * 1000,
  };
}

async function watchLane(store: Store, { key, name }: Config['repos'][number]): Promise<WatchedLane> {
  const unreadable = await store.control.fact(`tracker-failure/${key}`);
  return {
    repo: key,
    repoName: name,
    waiting: (await store.queue.waiting(key)).length + (await store.trials.waiting(key)).length,
    unreadable,
  };
}
