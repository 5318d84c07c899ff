/**
 * A story told by lives that die: at each activity of the run up to a few lives end, each at a point picked by the seed among those
 * that the activity passes; then one life gets through. The undisturbed telling shows how many points there are.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { TemporalCalls } from '../../workers/temporal.ts';
import type { RunRow } from '../../store/port.ts';
import { laneWorkflowId, runWorkflowId } from '../../domain/run.ts';
import { Engine, type ActivityTask, type Attempt } from './engine.ts';
import { beginLife, LANDED, type Life } from './life.ts';
import type { LoadedWorkflows } from './load-workflows.ts';
import type { Seeded } from '../../playground/seeded.ts';
import { lastWords } from './last-words.ts';
import { createPatience } from './patience.ts';
import { setTable, type Table } from './table.ts';
import type { Story } from './stories.ts';
import { ACTED, worldOf, type World } from './world.ts';

export interface Telling {
  readonly run: RunRow | null;
  readonly world: World;
  readonly deaths: readonly Death[];
  /** Points that each activity passed, call by call. */
  readonly points: Points;
  readonly gaveUp: string | null;
  readonly lastWords: string | null;
}

export type Points = Readonly<Record<string, readonly number[]>>;

export interface Death {
  readonly point: string;
  /** Model calls that were answered in this life and are in no turn that was committed. */
  readonly turnsLost: number;
  /** Until the first activity of a later life was done. */
  readonly recoveryMs: number;
}

export interface Plan {
  readonly seeded: Seeded;
  /** Of the undisturbed telling. */
  readonly points: Points;
}

/** Lives that end at one call of an activity at most: those that run commands and git take seconds to come back. */
const DEATHS_AT_MOST = { quick: 8, slow: 3 } as const;
const SLOW = new Set(['prepareRun', 'verifyRun', 'pushRun', 'mergeRun', 'watchDeploy', 'judgeMain', 'runTool']);

/** Of a tool call that is never repeated; the scripted sessions try as often as that and once more. */
const MOST_INTERRUPTED = 3;
const TEMPORAL = { address: 'none', namespace: 'none', webUrl: null, unattributedSignals: false };

/** At a run in which nothing is done: five minutes on a quiet machine, longer on a busy one. Then it is taken for stuck. */
const LOOKS = 30_000;
const LOOK_EVERY_MS = 10;

/** `plan` null: undisturbed. Where the judge's patience runs out, the run's row is as it stood then. */
export async function tell(story: Story, workflows: LoadedWorkflows, plan: Plan | null): Promise<Telling> {
  const table = await setTable({ stories: [story], temporal: TEMPORAL, heartbeatSeconds: 5 });
  const lives = createLives({ table, story, plan });
  const engine = new Engine((task) => lives.perform(task));
  lives.connect(callsOf(engine, workflows));
  try {
    const issue = await table.release(story);
    void engine.start('issue-poller', workflows.issuePoller, undefined);
    const patience = createPatience({ looks: LOOKS, now: Date.now });
    const run = await untilOver(table, engine, issue, () => {
      patience.look(String(lives.moves()));
      return patience.isOver();
    });
    const isTold = run === null || run.outcome === story.outcome;
    return {
      run,
      world: run === null ? {} : { ...(await worldOf(table, run)), ...lives.acted },
      deaths: lives.deaths,
      points: lives.points,
      gaveUp: patience.isOver() ? patience.inWords() : null,
      lastWords: isTold ? null : await lastWords(table.store, run),
    };
  } finally {
    engine.stop();
    await lives.over();
    await table.close();
  }
}

async function untilOver(table: Table, engine: Engine, issue: number, isStuck: () => boolean): Promise<RunRow | null> {
  for (;;) {
    const [run] = await table.store.runs.list({ issue, limit: 1 });
    const isOver = run !== undefined && run.outcome !== null && !engine.isOpen(runWorkflowId(run.id));
    if (isOver || isStuck()) return run ?? null;
    await delay(LOOK_EVERY_MS);
  }
}

interface Lives {
  /** Activities that were done. */
  readonly moves: () => number;
  readonly deaths: readonly Death[];
  /** How often each provable effect was done: the trackers and remotes here fold a second time, others may not. */
  readonly acted: World;
  readonly points: Points;
  connect(calls: TemporalCalls): void;
  perform(task: ActivityTask): Promise<Attempt>;
  over(): Promise<void>;
}

function createLives({ table, story, plan }: { table: Table; story: Story; plan: Plan | null }): Lives {
  const deaths: Death[] = [];
  const points: Record<string, number[]> = {};
  const acted: Record<string, number> = {};
  let calls: TemporalCalls | null = null;
  let life: Life | null = null;
  /** Deaths from which the run has not come back yet. */
  const fresh: { readonly at: number; readonly point: string; readonly turnsLost: number }[] = [];
  let turns = 0;
  let interrupted = 0;
  let hasLanded = false;
  let moves = 0;

  async function living(): Promise<Life> {
    if (life !== null && !life.isDead()) return life;
    await life?.over();
    if (calls === null) throw new Error('no engine is connected');
    turns = 0;
    life = beginLife({
      table,
      calls,
      onPass(point) {
        if (point === 'model.call.after') turns += 1;
        if (point === 'store.sessions.commitTurn.after') turns -= 1;
        const act = `${ACTED}${point}`;
        if (PROVABLE.has(point)) acted[act] = (acted[act] ?? 0) + 1;
      },
      onDeath(point) {
        fresh.push({ at: performance.now(), point, turnsLost: turns });
      },
    });
    return life;
  }

  /** Where this attempt dies; null: it gets through, unless it never comes to where an earlier telling came. */
  function pick({ name, attempt, isOnce }: ActivityTask): number | null {
    const known = plan?.points[name];
    if (plan === null || known === undefined) return null;
    if (attempt > (SLOW.has(name) ? DEATHS_AT_MOST.slow : DEATHS_AT_MOST.quick)) return null;
    if (isOnce && (interrupted >= MOST_INTERRUPTED || plan.seeded.between(0, 1) === 0)) return null;
    // Calls are more than in the undisturbed telling where a tool call was interrupted.
    const most = known[(points[name]?.length ?? 1) - 1] ?? Math.max(...known);
    // What is done already is not done again, so a later attempt may pass fewer.
    return most === 0 ? null : plan.seeded.between(1, attempt % 2 === 1 ? most : Math.ceil(most / 2));
  }

  function note(name: string, passed: number): void {
    const calls = points[name];
    if (calls !== undefined) calls.push(Math.max(calls.pop() ?? 0, passed));
  }

  return {
    moves: () => moves,
    deaths,
    acted,
    points,
    connect(given) {
      calls = given;
    },

    async perform(task) {
      if (task.name === story.landsBefore && !hasLanded) {
        hasLanded = true;
        table.land({ 'NOTES.md': 'landed first\n' }, 'Notes');
      }
      const own = await living();
      // What only waits passes no point, and must not disarm what works beside it.
      const isCounted = !WAITS.has(task.name);
      if (isCounted && task.attempt === 1) (points[task.name] ??= []).push(0);
      if (isCounted) own.arm(pick(task));
      const came = await own.perform(task);
      if (isCounted) note(task.name, own.passed());
      if (came.kind === 'lost' && task.isOnce) interrupted += 1;
      if (came.kind !== 'done' || !isCounted) return came;
      moves += 1;
      for (const { at, ...death } of fresh.splice(0)) deaths.push({ ...death, recoveryMs: performance.now() - at });
      return came;
    },

    async over() {
      await life?.over();
    },
  };
}

/** Passed when the world has the effect, also where the life ends right there. */
const PROVABLE = new Set([LANDED, 'tracker.addComment.after', 'tracker.changeLabels.after', 'tracker.close.after']);

const WAITS = new Set(['awaitRunEnd', 'awaitAct', 'awaitHeadMove']);

function callsOf(engine: Engine, workflows: LoadedWorkflows): TemporalCalls {
  return {
    async pokeLane(repoKey) {
      const id = laneWorkflowId(repoKey);
      void engine.start(id, workflows.repoLane, { repoKey, holder: null });
      engine.signal(id, 'poke', []);
    },
    isOpen: async (runId) => engine.isOpen(runWorkflowId(runId)),
    async pokeRun(runId) {
      engine.signal(runWorkflowId(runId), 'poke', []);
    },
    pollNow: async () => undefined,
    startRun: async () => false,
  };
}
