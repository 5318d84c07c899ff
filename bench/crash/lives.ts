/**
 * The lives in which a tale is told, one after another: at each activity of the run up to a few end, each at a point picked by the seed
 * among those that the activity passes; then one life gets through. An undisturbed telling shows how many points there are.
 */
import type { Seeded } from '../../playground/seeded.ts';
import type { TemporalCalls } from '../../workers/temporal.ts';
import type { ActivityTask, Attempt } from './engine.ts';
import { beginLife, LANDED, type Life } from './life.ts';
import { plantLocks } from './locks.ts';
import type { People } from './people.ts';
import { REPO, type Table } from './table.ts';
import type { TaleKind } from './tales.ts';
import { ACTED, type World } from './world.ts';

/** Points that each activity passed, call by call. */
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

export interface Lives {
  /** Activities that were done. */
  readonly moves: () => number;
  readonly deaths: readonly Death[];
  /** How often each provable effect was done: the trackers and remotes here fold a second time, others may not. */
  readonly acted: World;
  readonly points: Points;
  /** Locks that the dead have left. */
  readonly locks: readonly string[];
  /** Of ours, that are on main. */
  readonly pushes: () => number;
  connect(calls: TemporalCalls): void;
  perform(task: ActivityTask): Promise<Attempt>;
  over(): Promise<void>;
}

export interface LivesDeps {
  readonly table: Table;
  readonly kind: TaleKind;
  /** Null: undisturbed. */
  readonly plan: Plan | null;
  readonly people: () => People;
}

interface Toll {
  /** Lives that end at one call of an activity at most: those that run commands and git take seconds to come back. */
  readonly quick: number;
  readonly slow: number;
  /** Lives end at one call of so many. */
  readonly oneOf: number;
}

const TOLL: Readonly<Record<TaleKind, Toll>> = {
  inProcess: { quick: 8, slow: 3, oneOf: 1 },
  deadLocks: { quick: 4, slow: 3, oneOf: 1 },
  // Of these there are many, and what goes wrong in them is not the death.
  lostPokes: { quick: 1, slow: 1, oneOf: 2 },
  rewoundMains: { quick: 1, slow: 1, oneOf: 2 },
};
const SLOW = new Set(['prepareRun', 'verifyRun', 'pushRun', 'mergeRun', 'watchDeploy', 'judgeMain', 'runTool']);

/** Of a tool call that is never repeated; the scripted sessions try as often as that and once more. */
const MOST_INTERRUPTED = 3;

/** Passed when the world has the effect, also where the life ends right there. */
const PROVABLE = new Set([LANDED, 'tracker.addComment.after', 'tracker.changeLabels.after', 'tracker.close.after']);

const WAITS = new Set(['awaitRunEnd', 'awaitAct', 'awaitHeadMove']);

export function createLives({ table, kind, plan, people }: LivesDeps): Lives {
  const deaths: Death[] = [];
  const points: Record<string, number[]> = {};
  const acted: Record<string, number> = {};
  const locks: string[] = [];
  let calls: TemporalCalls | null = null;
  let life: Life | null = null;
  let coming: Promise<Life> | null = null;
  /** Deaths from which the run has not come back yet. */
  const fresh: { readonly at: number; readonly point: string; readonly turnsLost: number }[] = [];
  let turns = 0;
  let interrupted = 0;
  let moves = 0;
  /** A command of the session was lost with the life before. */
  let inCommand = false;

  async function living(): Promise<Life> {
    if (life !== null && !life.isDead()) return life;
    coming ??= next().finally(() => {
      coming = null;
    });
    return coming;
  }

  async function next(): Promise<Life> {
    await life?.over();
    if (calls === null) throw new Error('no engine is connected');
    if (life !== null && kind === 'deadLocks' && plan !== null) await leaveLocks(plan.seeded);
    turns = 0;
    inCommand = false;
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

  async function leaveLocks(seeded: Seeded): Promise<void> {
    const [run] = await table.store.runs.list({ repo: REPO.key, limit: 1 });
    locks.push(...plantLocks(table, seeded, { run: run?.id ?? null, inCommand }));
  }

  /** Where this attempt dies; null: it gets through, unless it never comes to where an earlier telling came. */
  function pick({ name, attempt, isOnce }: ActivityTask): number | null {
    const known = plan?.points[name];
    if (plan === null || known === undefined) return null;
    const { quick, slow, oneOf } = TOLL[kind];
    if (attempt > (SLOW.has(name) ? slow : quick) || plan.seeded.between(1, oneOf) > 1) return null;
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
    locks,
    pushes: () => acted[`${ACTED}${LANDED}`] ?? 0,
    connect(given) {
      calls = given;
    },

    async perform(task) {
      await people().before(task);
      const own = await living();
      // What only waits passes no point, and must not disarm what works beside it.
      const isCounted = !WAITS.has(task.name);
      if (isCounted && task.attempt === 1) (points[task.name] ??= []).push(0);
      if (isCounted) own.arm(pick(task));
      const came = await own.perform(task);
      if (isCounted) note(task.name, own.passed());
      if (came.kind === 'lost' && task.isOnce) {
        interrupted += 1;
        inCommand = true;
      }
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
