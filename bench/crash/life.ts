/**
 * One life of a worker inside this process: activities of its own over the store, remote and tracker that outlive it. It dies at the
 * nth crash point it passes after it was armed: from then on every port of it fails, so that nothing it still does has an effect, what it
 * runs is stopped, and what its activities would have said is lost.
 */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { withCrashPoints, type AroundPort } from '../../activities/effects/port-crash-points.ts';
import type { RepoGit } from '../../activities/git/port.ts';
import { createActivities } from '../../workers/activities.ts';
import type { TemporalCalls } from '../../workers/temporal.ts';
import type { ActivityTask, Attempt } from './engine.ts';
import { REPO, type Table } from './table.ts';

/** Lives end by dying here. */
const NEVER = new AbortController().signal;

export interface Life {
  readonly isDead: () => boolean;
  /** Dies at the nth point from now; null: it goes on. */
  arm(at: number | null): void;
  /** Points passed since it was armed. */
  passed(): number;
  perform(task: ActivityTask): Promise<Attempt>;
  /** Resolves when nothing of it goes on. */
  over(): Promise<void>;
}

export interface LifeDeps {
  readonly table: Table;
  readonly calls: TemporalCalls;
  /** Told of each point passed. */
  readonly onPass: (point: string) => void;
  readonly onDeath: (point: string) => void;
}

class Death extends Error {}

/** Passed, as a point where nobody dies, when a push is on main: one that lost a race has done nothing, and may be tried again. */
export const LANDED = 'git.push.landed';

function countingPushes<P extends object>(port: P, onPass: (point: string) => void): P {
  const git = port as unknown as RepoGit;
  const counted: Pick<RepoGit, 'push'> = {
    async push(head) {
      const outcome = await git.push(head);
      if (outcome.kind === 'pushed') onPass(LANDED);
      return outcome;
    },
  };
  return { ...port, ...counted };
}

type Activity = (input: unknown) => Promise<unknown>;

export function beginLife({ table, calls, onPass, onDeath }: LifeDeps): Life {
  let dead = false;
  let passed = 0;
  let armedAt: number | null = null;
  const underWay = new Map<MockActivityEnvironment, Promise<unknown>>();

  function alive(): void {
    if (dead) throw new Death('this life has ended');
  }

  function crash(point: string): void {
    alive();
    onPass(point);
    passed += 1;
    if (passed !== armedAt) return;
    dead = true;
    onDeath(point);
    // What it runs goes with it, as with a process.
    for (const environment of underWay.keys()) environment.cancel();
    throw new Death(`died at ${point}`);
  }

  const { config, store } = table;
  const crossing = withCrashPoints(crash, alive);
  const around: AroundPort = (name, port) => crossing(name, name === 'git' ? countingPushes(port, onPass) : port);
  const made = createActivities({
    config,
    store,
    operatorToken: null,
    calls,
    crash,
    around,
    now: Date.now,
    stopping: NEVER,
  });
  const activities = { ...made.control(async () => undefined), ...made.ofRepo(REPO.key) } as unknown as Readonly<
    Record<string, Activity>
  >;

  return {
    isDead: () => dead,
    passed: () => passed,
    arm(at) {
      armedAt = at;
      passed = 0;
    },

    async perform({ name, input, attempt }) {
      const activity = activities[name];
      if (activity === undefined) throw new Error(`there is no activity ${name}`);
      const environment = new MockActivityEnvironment(
        { attempt, scheduledTimestampMs: Date.now() },
        { logger: new DefaultLogger('ERROR') },
      );
      const working = environment.run(activity, input);
      underWay.set(environment, working);
      try {
        const value: unknown = await working;
        return dead ? { kind: 'lost' } : { kind: 'done', value };
      } catch (error) {
        return dead ? { kind: 'lost' } : { kind: 'failed', error };
      } finally {
        underWay.delete(environment);
      }
    },

    async over() {
      await Promise.allSettled(underWay.values());
    },
  };
}
