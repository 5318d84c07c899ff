/**
 * A run in which one act loses its poke: the product's own workflows and activities over its real store, git, sandbox and tracker, with
 * the crash runner's engine in the place of Temporal. The act's row is written at one named moment, nobody is poked, and what reaches the
 * world from then on is kept.
 */
import { randomUUID } from 'node:crypto';
import { Engine, lookOnce, type ActivityTask, type Attempt } from '../../bench/crash/engine.ts';
import { beginLife, LANDED } from '../../bench/crash/life.ts';
import type { LoadedWorkflows } from '../../bench/crash/load-workflows.ts';
import { setTable, type Table } from '../../bench/crash/table.ts';
import { refuseAct, type RequestedAct } from '../../domain/act.ts';
import { laneWorkflowId, runWorkflowId } from '../../domain/run.ts';
import type { ActRow, RunRow } from '../../store/port.ts';
import type { TemporalCalls } from '../../workers/temporal.ts';
import * as workflows from '../../workflows/index.ts';
import type { ActStory } from './stories.ts';

/** Right before the nth call of an activity begins, right after it was done and before the run hears of it, or at a point inside it. */
export interface Moment {
  readonly activity: string;
  readonly call?: number;
  readonly when: 'before' | 'after' | `at ${string}`;
}

export type Choose = (run: RunRow) => RequestedAct;

export interface Told {
  /** Null: the API would not have admitted the act there. */
  readonly act: ActRow | null;
  readonly run: RunRow;
  /** `push`, `deploy`, `close`: begun after the act's row was there. */
  readonly after: readonly string[];
  /** How often each activity was asked for. */
  readonly calls: Readonly<Record<string, number>>;
}

const TEMPORAL = { address: 'none', namespace: 'none', webUrl: null, unattributedSignals: false };
const BY = { name: 'ada', kind: 'person', scopes: [] } as const;
/** Without a further activity that is asked for: a busy machine is no reason to give up. */
const PATIENCE_MS = 100_000;

/** Points that are passed when the world is about to be changed by what an act may forbid. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  'git.push.before': 'push',
  [LANDED]: 'push',
  'program.run.before': 'deploy',
  'tracker.close.before': 'close',
};

/** `look`: what else is to be seen of the run's table before it is cleared away. */
export async function tell(
  story: ActStory,
  moment: Moment,
  choose: Choose,
  look: (table: Table, run: RunRow) => Promise<void> = async () => undefined,
): Promise<Told> {
  const table = await setTable({ stories: [story], temporal: TEMPORAL, heartbeatSeconds: 5 });
  const room = createRoom(table, story, moment, choose);
  try {
    story.before?.(table);
    const issue = await table.release(story);
    void room.engine.start('issue-poller', lookOnce, undefined);
    const told = await room.over(issue);
    await look(table, told.run);
    return told;
  } finally {
    room.engine.stop();
    await room.end();
    await table.close();
  }
}

interface Room {
  readonly engine: Engine;
  over(issue: number): Promise<Told>;
  end(): Promise<void>;
}

function createRoom(table: Table, story: ActStory, moment: Moment, choose: Choose): Room {
  const { store } = table;
  const after: string[] = [];
  const calls: Record<string, number> = {};
  let given: Promise<string | null> | null = null;
  let first: Promise<unknown> | null = null;
  let hasLanded = false;
  /** The run as it was when the activity of the moment began; null at any other time. */
  let atWork: RunRow | null = null;

  async function write(run: RunRow, data: RequestedAct): Promise<string | null> {
    const refusal = refuseAct(run, data, 'why');
    if (refusal !== null) return null;
    const id = randomUUID();
    await store.acts.add({ id, run: run.id, data, note: 'why', by: BY, at: Date.now() });
    return id;
  }

  async function openRun(): Promise<RunRow> {
    const [run] = await store.runs.list({ open: true });
    if (run === undefined) throw new Error('no run is open');
    return run;
  }

  /** Once: the store answers in the order in which it was asked, so what is asked from here on sees the act. */
  function act(run: RunRow): void {
    given ??= write(run, choose(run));
  }

  const life = beginLife({
    table,
    calls: callsOf(() => engine),
    onPass(point) {
      const what = FORBIDDEN[point];
      if (given !== null && what !== undefined) after.push(what);
      if (moment.when === `at ${point}` && atWork !== null) act(atWork);
    },
    onDeath: () => undefined,
  });

  function isMoment(name: string): boolean {
    return name === moment.activity && calls[name] === (moment.call ?? 1);
  }

  async function perform(task: ActivityTask): Promise<Attempt> {
    const { name } = task;
    if (task.attempt === 1) calls[name] = (calls[name] ?? 0) + 1;
    if (name === story.landsBefore && !hasLanded) {
      hasLanded = true;
      table.land({ 'NOTES.md': 'landed first\n' }, 'Notes');
    }
    if (story.first?.at === name && first === null) {
      const run = await openRun();
      const sha = 'head' in run.state ? run.state.head : '';
      first = write(run, story.first.act === 'approve' ? { kind: 'approve', sha } : story.first.act);
      await first;
    }
    const isNow = task.attempt === 1 && isMoment(name);
    if (isNow) {
      atWork = await openRun();
      if (moment.when === 'before') act(atWork);
    }
    const came = await life.perform(task);
    if (isNow) {
      if (moment.when === 'after') act(await openRun());
      atWork = null;
      await given;
    }
    return came;
  }

  const engine = new Engine(perform);

  async function actOf(run: RunRow): Promise<ActRow | null> {
    const id = await given;
    return (await store.acts.list(run.id)).find((one) => one.id === id) ?? null;
  }

  /** The run as it is when the act was taken, or refused, or when the run is over. */
  async function settled(issue: number): Promise<RunRow | null> {
    const [run] = await store.runs.list({ issue, limit: 1 });
    if (run === undefined) return null;
    if (run.outcome !== null) return engine.isOpen(runWorkflowId(run.id)) ? null : run;
    if (given === null) return null;
    const act = await actOf(run);
    return act === null || act.takenAt !== null ? store.runs.get(run.id) : null;
  }

  return {
    engine,
    async over(issue) {
      let asked = 0;
      for (let deadline = Date.now() + PATIENCE_MS; ;) {
        const run = await settled(issue);
        const now = Object.values(calls).reduce((sum, count) => sum + count, 0);
        if (now !== asked) deadline = Date.now() + PATIENCE_MS;
        asked = now;
        if (run !== null) {
          engine.stop();
          // What went on behind an act that was taken would show by then.
          await life.over();
          return { act: await actOf(run), run, after, calls };
        }
        if (Date.now() > deadline) throw new Error(await standing(table, issue, calls));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    end: () => life.over(),
  };
}

async function standing({ store }: Table, issue: number, calls: Readonly<Record<string, number>>): Promise<string> {
  const [run] = await store.runs.list({ issue, limit: 1 });
  const acts = run === undefined ? [] : await store.acts.list(run.id);
  return `it stands still: ${JSON.stringify({ state: run?.state, acts, calls })}`;
}

/** Every poke of a run is lost. */
function callsOf(engine: () => Engine): TemporalCalls {
  return {
    async pokeLane(repoKey) {
      const id = laneWorkflowId(repoKey);
      void engine().start(id, workflows.repoLane as LoadedWorkflows['repoLane'], { repoKey, holder: null });
      engine().signal(id, 'poke', []);
    },
    isOpen: async (runId) => engine().isOpen(runWorkflowId(runId)),
    pokeRun: async () => undefined,
    pollNow: async () => undefined,
    async tellEnded(repoKey, runId) {
      engine().signal(laneWorkflowId(repoKey), 'runEnded', [runId]);
    },
    startRun: async () => false,
  };
}
