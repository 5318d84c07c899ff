/** A tale told in one process: its lives over a table of its own, with the engine in the place of Temporal. */
import { setTimeout as delay } from 'node:timers/promises';
import { laneWorkflowId, runWorkflowId } from '../../domain/run.ts';
import type { RunRow } from '../../store/port.ts';
import type { TemporalCalls } from '../../workers/temporal.ts';
import { Engine, lookOnce } from './engine.ts';
import { lastWords } from './last-words.ts';
import { createLives, type Death, type Plan, type Points } from './lives.ts';
import type { LoadedWorkflows } from './load-workflows.ts';
import { undoneOnMain } from './main-branch.ts';
import { createPatience } from './patience.ts';
import { createPeople, type Deed, type People } from './people.ts';
import { setTable, type Table } from './table.ts';
import type { Tale } from './tales.ts';
import { worldOf, type World } from './world.ts';

export interface Telling {
  readonly run: RunRow | null;
  readonly world: World;
  readonly deaths: readonly Death[];
  readonly points: Points;
  readonly gaveUp: string | null;
  readonly lastWords: string | null;
  /** What was done to it beside the deaths, such as `cancel in verify`. */
  readonly faults: readonly string[];
  /** In words: acts that nobody took, and pushes past a person who held the run. */
  readonly actsLost: readonly string[];
  /** In words: what a person took from main, or put there, and was undone. */
  readonly undone: readonly string[];
}

const TEMPORAL = { address: 'none', namespace: 'none', webUrl: null, unattributedSignals: false };

/** At a run in which nothing is done: five minutes on a quiet machine, longer on a busy one. Then it is taken for stuck. */
const LOOKS = 30_000;
/** Where an act was asked for that is read again each twentieth of a second. */
const LOOKS_AFTER_AN_ACT = 3_000;
const LOOK_EVERY_MS = 10;

/** `plan` null: undisturbed. Where the judge's patience runs out, the run's row is as it stood then. */
export async function tell(tale: Tale, workflows: LoadedWorkflows, plan: Plan | null): Promise<Telling> {
  const { kind, story, steps } = tale;
  const table = await setTable({ stories: [story], temporal: TEMPORAL, heartbeatSeconds: 5 });
  const lives = createLives({ table, kind, plan, people: () => people });
  const people = createPeople({ table, steps, seeded: plan?.seeded ?? null, pushes: lives.pushes });
  const engine = new Engine((task) => lives.perform(task));
  lives.connect(callsOf(engine, workflows));
  try {
    if (tale.lands !== undefined) table.land(tale.lands.files, tale.lands.subject);
    const issue = await table.release(story);
    void engine.start('issue-poller', lookOnce, undefined);
    const patience = createPatience({ looks: kind === 'lostPokes' ? LOOKS_AFTER_AN_ACT : LOOKS, now: Date.now });
    const run = await untilOver(table, engine, issue, () => {
      patience.look(String(lives.moves()));
      return patience.isOver();
    });
    const gaveUp = patience.isOver() ? patience.inWords() : null;
    const isTold = run?.outcome != null && tale.outcomes.includes(run.outcome);
    return {
      run,
      world: run === null ? {} : { ...(await worldOf(table, run)), ...lives.acted },
      deaths: lives.deaths,
      points: lives.points,
      gaveUp,
      lastWords: run === null || isTold ? null : await lastWords(table.store, run),
      faults: [...people.deeds.map(({ what }) => what), ...lives.locks],
      actsLost: run === null ? [] : await lostActs(table, run, people, lives.pushes()),
      undone: people.deeds.flatMap((deed) => undoneBy(table, deed)),
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

async function lostActs({ store }: Table, run: RunRow, people: People, pushes: number): Promise<string[]> {
  const { deeds } = people;
  const acts = await store.acts.list(run.id);
  const untaken = deeds.filter((deed) => acts.some(({ id, takenAt }) => id === deed.act && takenAt === null));
  const passed = deeds.filter(({ holds, pushesBefore }, index) => {
    const until = deeds[index + 1]?.pushesBefore ?? pushes;
    return holds && until > pushesBefore;
  });
  return [
    ...untaken.map(({ what }) => `${what} was never taken`),
    ...passed.map(({ what }) => `pushed after ${what}`),
    ...people.undone().map((what) => `there was no occasion to ${what}`),
  ];
}

function undoneBy(table: Table, { what, takenBack, main }: Deed): string[] {
  return main === null ? [] : undoneOnMain(table, { takenBack, main }).map((words) => `${what}: ${words}`);
}

function callsOf(engine: Engine, workflows: LoadedWorkflows): TemporalCalls {
  return {
    async pokeLane(repoKey) {
      const id = laneWorkflowId(repoKey);
      void engine.start(id, workflows.repoLane, { repoKey, holder: null });
      engine.signal(id, 'poke', []);
    },
    async tellEnded(repoKey, runId) {
      engine.signal(laneWorkflowId(repoKey), 'runEnded', [runId]);
    },
    isOpen: async (runId) => engine.isOpen(runWorkflowId(runId)),
    async pokeRun(runId) {
      engine.signal(runWorkflowId(runId), 'poke', []);
    },
    pollNow: async () => undefined,
    startRun: async () => false,
  };
}
